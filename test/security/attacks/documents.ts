// Documents that are made to be expensive, by POST, by GET and over WebSocket: one gate judges all three.

import type { Attack, Target } from '../attack.ts';
import { get, overSocket, post } from '../send.ts';

const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');

type Document = {
  readonly name: string;
  /** Without the operation's kind. */
  readonly body: string;
  readonly fragments?: string;
  readonly complaint: RegExp;
};

const nested = (depth: number): string =>
  depth === 0 ? '__typename' : `type { ${'ofType { '.repeat(depth)}name${' }'.repeat(depth)} }`;

/** Bodies that stand under a query as under a subscription. */
const excesses: readonly Document[] = [
  {
    name: 'more than 1,000 tokens',
    body: `{ ${many(1_100, () => '__typename')} }`,
    complaint: /more tha[nt] 1000 tokens/,
  },
  {
    name: '10,000 tokens',
    body: `{ ${many(5_000, () => '...a')} }`,
    complaint: /more tha[nt] 1000 tokens/,
  },
  {
    name: '50 aliases',
    body: `{ ${many(50, (index) => `a${index}: __typename`)} }`,
    complaint: /more than 10 fields at the top|more than 20 aliases/,
  },
  {
    name: '21 aliases below one field',
    body: `{ queueStats { ${many(21, (index) => `a${index}: queued`)} } }`,
    complaint: /more than 20 aliases/,
  },
  {
    name: '11 fields at the top',
    body: `{ ${many(11, () => '__typename')} }`,
    complaint: /more than 10 fields at the top/,
  },
  {
    name: '11 fields at the top, by way of a fragment',
    body: '{ ...F }',
    fragments: `fragment F on ROOT { ${many(11, () => '__typename')} }`,
    complaint: /more than 10 fields at the top/,
  },
  {
    name: 'a depth of 30',
    body: `{ ${'a { '.repeat(29)}a${' }'.repeat(29)} }`,
    complaint: /more than 20 levels/,
  },
  {
    name: 'a depth of 300',
    body: `{ ${'a { '.repeat(299)}a${' }'.repeat(299)} }`,
    complaint: /more than 20 levels/,
  },
  {
    name: 'a depth of 30 by way of fragments',
    body: '{ ...F0 }',
    fragments: many(19, (index) => `fragment F${index} on ROOT { a { a { ...F${index + 1} } } }`),
    complaint: /more than 20 levels/,
  },
  {
    name: 'fragments that spread one another twice, 2^18 times in all',
    body: '{ ...F0 }',
    fragments: many(
      18,
      (index) => `fragment F${index} on ROOT { a { ...F${index + 1} } b { ...F${index + 1} } }`,
    ).concat(' fragment F18 on ROOT { a }'),
    complaint: /more than 1000 fields/,
  },
  {
    name: '21 fragments',
    body: '{ ...F0 }',
    fragments: many(21, (index) => `fragment F${index} on ROOT { __typename }`),
    complaint: /more than 20 fragments/,
  },
  {
    name: 'a directive 30 times on one field',
    body: `{ __typename ${many(30, () => '@include(if: true)')} }`,
    complaint: /more than 20 directives/,
  },
  {
    name: 'a directive that is not known, 30 times',
    body: `{ __typename ${many(30, () => '@boom')} }`,
    complaint: /more than 20 directives/,
  },
  {
    name: 'a list 900 deep as an argument',
    body: `{ __typename(a: ${'['.repeat(400)}${']'.repeat(400)}) }`,
    complaint: /Unknown argument|anonymous|only one top level/,
  },
  {
    name: 'a fragment that spreads itself',
    body: '{ ...F }',
    fragments: 'fragment F on ROOT { ...F }',
    complaint: /Cannot spread fragment/,
  },
  {
    name: 'two fragments that spread each other',
    body: '{ ...F }',
    fragments: 'fragment F on ROOT { ...G } fragment G on ROOT { ...F }',
    complaint: /Cannot spread fragment/,
  },
  {
    name: '100 faults, of which ten are told',
    body: `{ queueStats { ${many(100, (index) => `nope${index}`)} } }`,
    complaint: /Too many validation errors/,
  },
  { name: 'a document without an end', body: '{ queueStats { queued', complaint: /Syntax Error/ },
  { name: 'a string without an end', body: '{ job(id: "x', complaint: /Unterminated string/ },
  { name: 'a NUL in the document', body: '{ a\u0000 }', complaint: /Unexpected character/ },
];

const written = ({ body, fragments = '' }: Document, kind: 'query' | 'subscription') => {
  const root = kind === 'query' ? 'Query' : 'Subscription';
  return `${kind} ${body} ${fragments.replaceAll('ROOT', root)}`;
};

const byGet = (target: Target, query: string) =>
  get(target, `/graphql?query=${encodeURIComponent(query)}`, {
    'apollo-require-preflight': 'true',
    accept: 'application/graphql-response+json',
  });

const everyWay: readonly Attack[] = excesses.flatMap((each) => [
  {
    name: `${each.name}, by POST`,
    attack: (target) => post(target, { query: written(each, 'query') }),
    expected: { status: 400, text: each.complaint },
  },
  // What does not fit into an address never comes as far: the test of headers that are too long.
  ...(encodeURIComponent(each.body).length > 8_000
    ? []
    : [
        {
          name: `${each.name}, by GET`,
          attack: (target: Target) => byGet(target, written(each, 'query')),
          expected: { status: 400, text: each.complaint },
        },
      ]),
  {
    name: `${each.name}, over WebSocket`,
    attack: (target) => overSocket(target, written(each, 'subscription').slice(0, 60_000)),
    expected: { closeCode: 1000, text: each.complaint },
  },
]);

const byPost: readonly Attack[] = [
  {
    name: 'fifty requests for MP3s in one mutation',
    attack: (target) =>
      post(target, {
        query: `mutation { ${many(50, (index) => `a${index}: requestMp3(url: "youtu.be/dQw4w9WgXcQ") { outcome }`)} }`,
      }),
    expected: { status: 400, text: /more than 10 fields at the top/ },
  },
  {
    name: 'introspection 50 types deep',
    attack: (target) =>
      post(target, { query: `{ __schema { types { fields { ${nested(50)} } } } }` }),
    expected: { status: 400, text: /more than 20 levels/ },
  },
  {
    name: 'introspection that goes round in lists',
    attack: (target) =>
      post(target, {
        query: '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }',
      }),
    expected: { status: 400, text: /Maximum introspection depth exceeded/ },
  },
  {
    name: 'ten times the longest history with all that it holds',
    attack: (target) =>
      post(target, {
        query: `{ ${many(
          10,
          (index) =>
            `a${index}: jobs(first: 100) { totalCount nodes { options { quality } progress { phase } source { site }
             result { url } failure { code } timeline { at } queuePosition } }`,
        )} }`,
      }),
    expected: { status: 400, text: 'OPERATION_TOO_EXPENSIVE' },
  },
  {
    name: 'the same, the length hidden in a variable',
    attack: (target) =>
      post(target, {
        query: `query ($n: Int = 3) { ${many(
          10,
          (index) =>
            `a${index}: jobs(first: $n) { nodes { options { quality } progress { phase } source { site }
             result { url } failure { code } timeline { at } queuePosition } }`,
        )} }`,
        variables: { n: 100 },
      }),
    expected: { status: 400, text: 'OPERATION_TOO_EXPENSIVE' },
  },
  {
    name: 'a list longer than any: first: 101',
    attack: (target) => post(target, { query: '{ jobs(first: 101) { totalCount } }' }),
    expected: { status: 200, text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a list longer than any: first: 2147483647',
    attack: (target) => post(target, { query: '{ jobs(first: 2147483647) { totalCount } }' }),
    expected: { status: 200, text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a list of negative length',
    attack: (target) => post(target, { query: '{ jobs(first: -1) { totalCount } }' }),
    expected: { status: 200, text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a list from both ends',
    attack: (target) => post(target, { query: '{ jobs(first: 1, last: 1) { totalCount } }' }),
    expected: { status: 200, text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a cursor of one’s own making',
    attack: (target) => post(target, { query: '{ jobs(after: "MQ==") { totalCount } }' }),
    expected: { status: 200, text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a cursor that is SQL',
    attack: (target) =>
      post(target, {
        query: `{ jobs(after: "' or 1=1; drop table tapedeck.jobs --") { totalCount } }`,
      }),
    expected: { status: 200, text: 'BAD_USER_INPUT' },
  },
  {
    name: '10,000 ids',
    attack: (target) =>
      post(target, {
        query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
        variables: { ids: Array.from({ length: 10_000 }, () => 'x') },
      }),
    expected: { status: 200, text: /at most 100 ids/ },
  },
  {
    name: 'a search that would make a pattern run wild',
    attack: (target) =>
      post(target, {
        query: 'query ($s: String) { jobs(filter: { search: $s }) { totalCount } }',
        variables: { s: `${'%_'.repeat(5_000)}\\` },
      }),
    expected: { status: 200, text: /totalCount|BAD_USER_INPUT/ },
  },
  {
    name: 'a search with a NUL',
    attack: (target) =>
      post(target, {
        query: 'query ($s: String) { jobs(filter: { search: $s }) { totalCount } }',
        variables: { s: 'a\u0000b' },
      }),
    expected: { status: 200, text: /totalCount|BAD_USER_INPUT/ },
  },
  {
    name: 'an id that is SQL',
    attack: (target) => post(target, { query: `{ job(id: "' or '1'='1") { id } }` }),
    expected: { status: 200, text: '{"data":{"job":null}}' },
  },
  {
    name: 'an id that is a path',
    attack: (target) => post(target, { query: `{ job(id: "../../../../etc/passwd") { id } }` }),
    expected: { status: 200, text: '{"data":{"job":null}}' },
  },
  {
    name: 'an id of another type',
    attack: (target) =>
      post(target, {
        query: `{ node(id: "${Buffer.from('Owner:everybody').toString('base64url')}") { id } }`,
      }),
    expected: { status: 200, text: '{"data":{"node":null}}' },
  },
  {
    name: 'numbers that are too large, twenty of them',
    attack: (target) =>
      post(target, {
        query: `query (${many(20, (index) => `$v${index}: Int`)}) { jobs(first: $v0, last: $v1) { totalCount } }`,
        variables: Object.fromEntries(
          Array.from({ length: 20 }, (_, index) => [`v${index}`, 1e300]),
        ),
      }),
    expected: { status: 400, text: /BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/ },
  },
  {
    name: 'a fragment on a type that is not there',
    attack: (target) => post(target, { query: '{ ...F } fragment F on Password { hash }' }),
    expected: { status: 400, text: /Unknown type/ },
  },
  {
    name: 'a field of the table that is no field of the type',
    attack: (target) => post(target, { query: '{ jobs { nodes { ownerId command path } } }' }),
    expected: { status: 400, text: /Cannot query field/ },
  },
  {
    name: 'the incremental delivery of @defer',
    attack: (target) => post(target, { query: '{ ... @defer { queueStats { queued } } }' }),
    expected: { status: 400, text: /Unknown directive/ },
  },
  {
    name: 'an operation name that is not there',
    attack: (target) =>
      post(target, { query: 'query A { __typename }', operationName: '__proto__' }),
    expected: { status: 400, text: /Unknown operation/ },
  },
  {
    name: 'a subscription by POST',
    attack: (target) => post(target, { query: 'subscription { queueStats { queued } }' }),
    expected: { status: 400, text: /over WebSocket/ },
  },
  {
    name: 'Apollo’s automatic persisted queries',
    attack: (target) =>
      post(target, { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
    expected: { status: [200, 400], text: 'PERSISTED_QUERY_NOT_SUPPORTED' },
  },
  {
    name: 'a document that nobody has made known',
    attack: (target) => post(target, { documentId: `sha256:${'0'.repeat(64)}` }),
    expected: { status: 400, text: 'DOCUMENT_NOT_FOUND' },
  },
  {
    name: 'a document id that is a name of Object’s',
    attack: (target) => post(target, { documentId: 'constructor' }),
    expected: { status: 400, text: 'DOCUMENT_NOT_FOUND' },
  },
  {
    name: 'no document at all',
    attack: (target) => post(target, {}),
    expected: { status: 400, text: /has no keys/ },
  },
  {
    name: 'a document that is a list',
    attack: (target) => post(target, { query: ['{ __typename }'] }),
    expected: { status: 400 },
  },
];

export const documentAttacks: readonly Attack[] = [...everyWay, ...byPost];
