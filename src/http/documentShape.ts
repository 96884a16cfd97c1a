// How large a document is once its fragments are spread out, counted on the syntax alone: cheap, and before
// anything is validated. What an operation costs to answer is in operationCost.ts.

import { GraphQLError, Kind, visit } from 'graphql';
import type { DocumentNode, SelectionSetNode } from 'graphql';

/** What is counted of a document. */
export type DocumentShape = {
  /** Fields below one another. */
  readonly depth: number;
  /** Fields with every fragment put where it is spread; may be Infinity. */
  readonly fields: number;
  /** The most fields right under one operation, fragments included. */
  readonly rootFields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly fragments: number;
};

/**
 * The most of each. GraphiQL's introspection is the largest document that there is need of: 15 deep, some
 * 300 fields; the page's own operations are 4 deep, with 80 fields and no alias.
 */
export const largestShape: DocumentShape = {
  depth: 20,
  fields: 1_000,
  rootFields: 10,
  aliases: 20,
  directives: 20,
  fragments: 20,
};

/** Tokens that are parsed, before there is a document to count anything of. */
export const mostTokens = 1_000;

const words: Readonly<Record<keyof DocumentShape, string>> = {
  depth: 'levels of fields',
  fields: 'fields, its fragments spread out',
  rootFields: 'fields at the top of an operation',
  aliases: 'aliases',
  directives: 'directives',
  fragments: 'fragments',
};

/** Says where the document is larger than any that is served; null when it is not. */
export function findExcess(document: DocumentNode): GraphQLError | null {
  const shape = measureDocument(document);
  for (const [name, most] of Object.entries(largestShape) as [keyof DocumentShape, number][]) {
    if (shape[name] <= most) continue;
    return new GraphQLError(
      `The document has more than ${most} ${words[name]}; ask in several smaller requests.`,
      { extensions: { code: 'DOCUMENT_TOO_LARGE' } },
    );
  }
  return null;
}

type Spread = Pick<DocumentShape, 'depth' | 'fields' | 'rootFields'>;
const nothing: Spread = { depth: 0, fields: 0, rootFields: 0 };

/** Counts in one walk: each fragment is looked into once, however often it is spread. */
export function measureDocument(document: DocumentNode): DocumentShape {
  const bodies = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      bodies.set(definition.name.value, definition.selectionSet);
    }
  }
  const measured = new Map<string, Spread>();
  const ofFragment = (name: string): Spread => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    // Stands while the fragment is measured, so that one which spreads itself ends; validation refuses it.
    measured.set(name, nothing);
    const body = bodies.get(name);
    const spread = body === undefined ? nothing : ofSelections(body);
    measured.set(name, spread);
    return spread;
  };
  const ofSelections = ({ selections }: SelectionSetNode): Spread => {
    let { depth, fields, rootFields } = nothing;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const below = selection.selectionSet ? ofSelections(selection.selectionSet) : nothing;
        depth = Math.max(depth, 1 + below.depth);
        fields += 1 + below.fields;
        rootFields += 1;
        continue;
      }
      const spread =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? ofFragment(selection.name.value)
          : ofSelections(selection.selectionSet);
      depth = Math.max(depth, spread.depth);
      fields += spread.fields;
      rootFields += spread.rootFields;
    }
    return { depth, fields, rootFields };
  };

  let [aliases, directives] = [0, 0];
  visit(document, {
    Field: ({ alias }) => void (aliases += alias === undefined ? 0 : 1),
    Directive: () => void (directives += 1),
  });
  const operations = document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map(({ selectionSet }) => ofSelections(selectionSet));
  return {
    depth: Math.max(0, ...operations.map(({ depth }) => depth)),
    fields: operations.reduce((sum, { fields }) => sum + fields, 0),
    rootFields: Math.max(0, ...operations.map(({ rootFields }) => rootFields)),
    aliases,
    directives,
    fragments: bodies.size,
  };
}
