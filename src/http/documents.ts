// The one gate for documents, whichever way they come: known by its text or its id, cheap limits first, then
// validated, once. Apollo and the WebSocket both take from here what they run, so nothing holds for one alone.

import { createHash } from 'node:crypto';
import {
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  stripIgnoredCharacters,
  validate,
} from 'graphql';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config.ts';
import { findExcess, mostTokens } from './documentShape.ts';
import { trustedDocuments } from './trustedDocuments.generated.ts';

/** A document to run, or what is at fault with it; `refused` when that is not its GraphQL. */
export type Verdict =
  | { readonly refused: false; readonly document: DocumentNode; readonly faults: readonly [] }
  | { readonly refused: boolean; readonly document: null; readonly faults: Faults };

type Faults = readonly [GraphQLError, ...GraphQLError[]];

export type Documents = {
  /** Judges a text; remembers the latest. */
  readonly judge: (text: string) => Verdict;
  /** The text of a trusted document; null for an unknown id, and for every id when none are trusted. */
  readonly textOf: (documentId: string) => string | null;
  /** A verdict of late, by the SHA-256 of the text in hex. */
  readonly recall: (hash: string) => Verdict | undefined;
};

/** Every document of every client that there is, and no more than that of whoever sends a new one each time. */
const mostRememberedBytes = 32 * 1024 * 1024;
const mostFaults = 10;

export const parseOptions = { maxTokens: mostTokens };
export const validationOptions = { maxErrors: mostFaults };

export function createDocuments(
  schema: GraphQLSchema,
  { introspection, trustedDocuments: trust }: Pick<Config, 'introspection' | 'trustedDocuments'>,
): Documents {
  const rules = introspection ? [] : [NoSchemaIntrospectionCustomRule];
  const trusted = new Map(trust === 'off' ? [] : Object.entries(trustedDocuments));
  const remembered = new LRUCache<string, Verdict>({ maxSize: mostRememberedBytes });

  const examine = (text: string): Verdict => {
    try {
      if (trust === 'only' && !trusted.has(documentIdOf(text))) return refusal(notTrusted());
      const parsed = parse(text, parseOptions);
      const excess = findExcess(parsed);
      if (excess !== null) return refusal(excess);
      const [fault, ...more] = validate(
        schema,
        parsed,
        [...specifiedRules, ...rules],
        validationOptions,
      );
      if (fault !== undefined) return { refused: false, document: null, faults: [fault, ...more] };
      return { refused: false, document: parsed, faults: [] };
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { refused: false, document: null, faults: [error] };
    }
  };
  return {
    judge(text) {
      const hash = sha256(text);
      const known = remembered.get(hash);
      if (known !== undefined) return known;
      const verdict = examine(text);
      remembered.set(hash, verdict, { size: bytesHeld(text) });
      return verdict;
    },
    textOf: (documentId) => trusted.get(documentId) ?? null,
    recall: (hash) => remembered.get(hash),
  };
}

/** `sha256:` and the hash of the text without what GraphQL ignores: however it is laid out, it is the same. */
export function documentIdOf(text: string): string {
  return `sha256:${sha256(stripIgnoredCharacters(text))}`;
}

/** Answers whoever names a document that is not known here. */
export function unknownDocument(): GraphQLError {
  return new GraphQLError('There is no document with this id; send its text.', {
    extensions: { code: 'DOCUMENT_NOT_FOUND' },
  });
}

function notTrusted(): GraphQLError {
  return new GraphQLError('This server answers only the documents of its own page.', {
    extensions: { code: 'DOCUMENT_NOT_TRUSTED' },
  });
}

/** The verdict, the text, and what is made of its tokens: some 400 bytes for each. */
function bytesHeld(text: string): number {
  return 1_000 + 2 * text.length + 400 * Math.min(Math.ceil(text.length / 2), mostTokens);
}

function refusal(fault: GraphQLError) {
  return { refused: true, document: null, faults: [fault] } as const;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
