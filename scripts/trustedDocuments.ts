// A plugin of graphql-codegen: the operations of our page with the ids that the server knows them by
// (src/http/documents.ts). Each text is what the page sends, without what GraphQL ignores.

import { createHash } from 'node:crypto';
import { concatAST, Kind, print, stripIgnoredCharacters, visit } from 'graphql';
import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';

type DocumentFile = { readonly document?: DocumentNode };

/** Called by graphql-codegen, which hands over every file of the page's operations. */
export function plugin(_schema: unknown, files: readonly DocumentFile[]): string {
  const { definitions } = concatAST(files.flatMap(({ document }) => document ?? []));
  const fragments = new Map(
    definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const lines = definitions
    .filter((each) => each.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => {
      const parts = [operation, ...fragmentsOf(operation, fragments)];
      const text = stripIgnoredCharacters(parts.map(print).join('\n'));
      const id = createHash('sha256').update(text).digest('hex');
      return `  // ${operation.name?.value}\n  'sha256:${id}':\n    ${JSON.stringify(text)},`;
    });
  return [
    '// Made by `npm run generate` from web/page/api/*.graphql: the documents that are trusted, by their ids.',
    '',
    'export const trustedDocuments: Readonly<Record<string, string>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}

/** In the order of the page's generated texts: as they are first met, each after those that are in it. */
function fragmentsOf(
  operation: OperationDefinitionNode,
  all: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly FragmentDefinitionNode[] {
  const met = new Set<FragmentDefinitionNode>();
  const found = new Set<FragmentDefinitionNode>();
  const collect = (node: OperationDefinitionNode | FragmentDefinitionNode) =>
    visit(node, {
      FragmentSpread({ name }) {
        const fragment = all.get(name.value);
        if (fragment === undefined || met.has(fragment)) return;
        met.add(fragment);
        collect(fragment);
        found.add(fragment);
      },
    });
  collect(operation);
  return [...found];
}
