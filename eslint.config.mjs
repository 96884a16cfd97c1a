// ESLint reads the SDL and nothing else: TypeScript is oxlint's (.oxlintrc.json), because
// typescript-eslint does not run on TypeScript 7 yet.
import graphql from '@graphql-eslint/eslint-plugin';

export default [
  {
    files: ['src/schema/*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'src/schema/*.graphql' } },
    },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          DirectiveDefinition: true,
        },
      ],
      // A description of one line is a plain string, a longer one a block.
      '@graphql-eslint/description-style': 'off',
      // Only what is a Node has an id; the other types are parts of one, or answers.
      '@graphql-eslint/strict-id-in-types': 'off',
      // Lists of jobs and of errors are no connections.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      '@graphql-eslint/require-nullable-result-in-root': 'error',
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-deprecation-date': 'error',
    },
  },
];
