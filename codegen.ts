// Makes the resolvers' types from the SDL, and the page's typed documents from its .graphql files:
// `npm run generate`. Both are committed, and `npm run check` fails when one is stale. What GraphiQL's
// tabs hold is for people and not generated from.
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
    'web/page/api/documents.generated.ts': {
      documents: 'web/page/api/*.graphql',
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        // Texts that fetch and graphql-ws send as they are: no parser of GraphQL in the page.
        documentMode: 'string',
        pureMagicComment: true,
        strictScalars: true,
        // As they travel: JSON has no Date.
        scalars: { ID: 'string', DateTime: 'string', URL: 'string', SafeInt: 'number' },
        enumsAsTypes: true,
        useTypeImports: true,
        immutableTypes: true,
        skipTypename: true,
      },
    },
    // The same operations for the server, which may be told to answer nothing else.
    'src/http/trustedDocuments.generated.ts': {
      documents: 'web/page/api/*.graphql',
      plugins: ['./scripts/trustedDocuments.ts'],
    },
  },
};

export default config;
