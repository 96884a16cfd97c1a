// What holds for every document that anybody sends: the gate judges it, in bounded time, and lets through only what
// is within the limits.

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildSchema, getOperationAST } from 'graphql';
import { createDocuments } from '../../../src/http/documents.ts';
import { largestShape, measureDocument } from '../../../src/http/documentShape.ts';
import type { DocumentShape } from '../../../src/http/documentShape.ts';
import { costOf } from '../../../src/http/operationCost.ts';
import { trustedDocuments } from '../../../src/http/trustedDocuments.generated.ts';

const folder = new URL('../../../src/schema/', import.meta.url);
const schema = buildSchema(
  readdirSync(folder)
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n'),
);
const gate = createDocuments(schema, { introspection: true, trustedDocuments: 'prefer' });

const punctuation = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '!',
  '=',
  '|',
  '...',
  '@',
  '$',
  ',',
  '"',
  '"""',
  '#',
  '\\',
  '&',
];
const words = [
  ...[
    'query',
    'mutation',
    'subscription',
    'fragment',
    'on',
    'true',
    'null',
    'F',
    'G',
    'Job',
    'Query',
  ],
  ...[
    'jobs',
    'job',
    'nodes',
    'queueStats',
    'requestMp3',
    'first',
    'ids',
    'id',
    '__typename',
    '__schema',
  ],
  ...[
    'types',
    'fields',
    'type',
    'ofType',
    'skip',
    'include',
    'if',
    '1',
    '-1',
    '1e999',
    '0.1',
    '"x"',
    '\u0000',
    '𝐲',
  ],
];
const soup = fc
  .array(fc.constantFrom(...punctuation, ...words), { maxLength: 400 })
  .map((tokens) => tokens.join(' '));

/** One of the page's documents with pieces cut out, doubled and put elsewhere. */
const mutated = fc
  .tuple(
    fc.constantFrom(...Object.values(trustedDocuments)),
    fc.array(fc.tuple(fc.nat(2_000), fc.nat(200), fc.nat(2_000)), { maxLength: 6 }),
  )
  .map(([text, cuts]) =>
    cuts.reduce((changed, [from, length, to]) => {
      const piece = changed.slice(from % changed.length, (from % changed.length) + length);
      const at = to % (changed.length + 1);
      return changed.slice(0, at) + piece + changed.slice(at);
    }, text),
  );

/** Valid syntax with fragments that spread one another as they like. */
const spreading = fc
  .array(fc.array(fc.tuple(fc.nat(7), fc.boolean()), { minLength: 1, maxLength: 6 }), {
    ...{ minLength: 1, maxLength: 8 },
  })
  .map((fragments) => {
    const bodies = fragments.map(
      (spreads, index) =>
        `fragment F${index} on Query { ${spreads
          .map(([to, isNested], place) => {
            const spread = `...F${to % fragments.length}`;
            return isNested ? `a${place}: node(id: "x") { ... on Query { ${spread} } }` : spread;
          })
          .join(' ')} __typename }`,
    );
    return `{ ...F0 } ${bodies.join(' ')}`;
  });

const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 500 }), soup, mutated, spreading);

/** The document that took most of the processor's time so far. */
export const slowest = { ms: 0, text: '' };

export const documents = fc.property(
  anything,
  fc.dictionary(fc.string(), fc.jsonValue()),
  (text, variables) => {
    const before = process.cpuUsage();
    const { document, faults } = gate.judge(text);
    const ms = process.cpuUsage(before).user / 1_000;
    if (ms > slowest.ms) Object.assign(slowest, { ms, text });
    if (document === null) {
      if (faults.length === 0) throw new Error('refused without a word');
      if (faults.length > 11) throw new Error(`${faults.length} faults are told`);
      return;
    }
    const shape = measureDocument(document);
    for (const [name, most] of Object.entries(largestShape) as [keyof DocumentShape, number][]) {
      if (shape[name] > most) throw new Error(`${shape[name]} ${name} were let through`);
    }
    const operation = getOperationAST(document);
    if (!operation) return;
    const cost = costOf(schema, { document, operation, variables });
    if (!(cost >= 0 && cost < 1e9)) throw new Error(`it costs ${cost}`);
  },
);
