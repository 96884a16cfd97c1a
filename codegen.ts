// Makes src/resolvers/types.generated.ts from the SDL: `npm run generate`. The file is committed, and
// `npm run check` fails when it is stale. No client code is generated: the page speaks plain fetch.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'src/schema/*.graphql',
  generates: {
    'src/resolvers/types.generated.ts': {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        contextType: './context.ts#Context',
        // Only where what a service hands over differs in shape from what the schema shows.
        mappers: {
          Job: './mappers.ts#JobModel',
          JobConnection: './mappers.ts#JobConnectionModel',
          QueueStats: './mappers.ts#QueueStatsModel',
        },
        strictScalars: true,
        scalars: {
          ID: 'string',
          DateTime: 'Date',
          URL: 'string',
          SafeInt: 'number',
        },
        // Unions of strings: TypeScript's own enums are not erasable, so Node could not run the file,
        // and constant objects would give each value a second name.
        enumsAsTypes: true,
        // Nothing that an answer shows may be forgotten: absent is said with null. And what has a
        // default is always there when a resolver is called.
        avoidOptionals: { field: true, defaultValue: true },
        useTypeImports: true,
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
        immutableTypes: true,
      },
    },
  },
};

export default config;
