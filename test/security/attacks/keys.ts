// API keys that are none, or are shown in the wrong place. What a valid key may not do is in scopes.ts, and what it may
// see of another's jobs in foreignJobs.ts.

import type { Attack } from '../attack.ts';
import { overSocket, post } from '../send.ts';
import { foreignIds } from '../twoOwners.ts';
import type { TwoOwners } from '../twoOwners.ts';

/** Their texts, but for `hash`: what the database has of the valid one. */
export type TwoKeys = TwoOwners & {
  readonly keys: Readonly<Record<'valid' | 'reader' | 'requester' | 'revoked' | 'hash', string>>;
};

type Keys = TwoKeys['keys'];

const query = 'query ($ids: [ID!]!) { jobs { totalCount } it: nodes(ids: $ids) { id } }';
const unauthenticated = {
  status: 401,
  text: '"code":"UNAUTHENTICATED"',
  headers: { 'www-authenticate': 'Bearer realm="tapedeck"' },
};

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Another character that stands for the same bytes: of the last one, two bits are not used. */
function sibling(last = ''): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(last) ^ 1] ?? '';
}

const keysThatAreNone: Readonly<Record<string, (keys: Keys) => string>> = {
  'that was revoked': ({ revoked }) => revoked,
  'that was never made': () => `tapedeck_${'A'.repeat(43)}`,
  'with its first character changed': ({ valid }) =>
    valid.replace(/_(.)/, (_, first) => `_${first === 'A' ? 'B' : 'A'}`),
  'with its last character changed for one that decodes to the same bytes': ({ valid }) =>
    valid.slice(0, -1) + sibling(valid.at(-1)),
  'without its last character': ({ valid }) => valid.slice(0, -1),
  'with another character behind it': ({ valid }) => `${valid}A`,
  'with the padding of base64': ({ valid }) => `${valid}=`,
  'without its prefix': ({ valid }) => valid.replace('tapedeck_', ''),
  'with another prefix': ({ valid }) => valid.replace('tapedeck_', 'tapedesk_'),
  'with its prefix in capitals': ({ valid }) => valid.replace('tapedeck_', 'TAPEDECK_'),
  'in capitals': ({ valid }) => valid.toUpperCase(),
  'that is the hash of a valid one, as the database has it': ({ hash }) => `tapedeck_${hash}`,
  'that is a pattern': () => `tapedeck_${'%'.repeat(43)}`,
  'that is SQL': () => "tapedeck_'--or--1=1",
  'of 8,000 characters': ({ valid }) => valid.padEnd(8_000, 'A'),
};

type Shown = Readonly<Record<string, string>>;

/** A valid key that is not shown as it has to be. */
const wrongPlaces: Readonly<Record<string, (valid: string) => Shown>> = {
  'without a scheme': (valid) => ({ authorization: valid }),
  'without a space before it': (valid) => ({ authorization: `Bearer${valid}` }),
  'with a word behind it': (valid) => ({ authorization: `Bearer ${valid} x` }),
  'in quotes': (valid) => ({ authorization: `Bearer "${valid}"` }),
  'twice in one header': (valid) => ({ authorization: `Bearer ${valid},Bearer ${valid}` }),
  'as a parameter': (valid) => ({ authorization: `Bearer token=${valid}` }),
  'under another scheme': (valid) => ({ authorization: `Token ${valid}` }),
  'as a password': (valid) => ({ authorization: `Basic ${base64(`user:${valid}`)}` }),
  'as a user': (valid) => ({ authorization: `Basic ${base64(`${valid}:`)}` }),
  'in base64': (valid) => ({ authorization: `Bearer ${base64(valid)}` }),
  'in a header of its own': (valid) => ({ 'x-api-key': valid, 'api-key': valid }),
  'for a proxy': (valid) => ({ 'proxy-authorization': `Bearer ${valid}` }),
  'in a cookie': (valid) => ({ cookie: `tapedeck=${valid}; authorization=${valid}` }),
  'behind an empty one': () => ({ authorization: 'Bearer ' }),
};

const refusedByPost: readonly Attack<TwoKeys>[] = [
  ...Object.entries(keysThatAreNone).map(([what, make]) => ({
    name: `a key ${what}`,
    attack: (target: TwoKeys) => ask(target, bearer(make(target.keys))),
    expected: unauthenticated,
  })),
  ...Object.entries(wrongPlaces).map(([how, show]) => ({
    name: `a valid key ${how}`,
    attack: (target: TwoKeys) => ask(target, show(target.keys.valid)),
    expected: unauthenticated,
  })),
  ...['access_token', 'key', 'api_key', 'authorization'].map((name) => ({
    name: `a valid key in the address, as ${name}`,
    attack: (target: TwoKeys) => ask(target, {}, `/graphql?${name}=Bearer%20${target.keys.valid}`),
    expected: unauthenticated,
  })),
  {
    name: 'a valid key in the body',
    attack: (target) =>
      post(target, {
        query,
        variables: { ids: foreignIds(target), authorization: `Bearer ${target.keys.valid}` },
        extensions: { authorization: `Bearer ${target.keys.valid}` },
      }),
    expected: unauthenticated,
  },
  { name: 'no key', attack: (target) => ask(target, {}), expected: unauthenticated },
  {
    name: 'no key, to change something',
    attack: (target) =>
      post(target, {
        query: `mutation { cancelJob(id: "${target.foreign.queued.id}") { job { id } } }`,
      }),
    expected: unauthenticated,
  },
];

function ask(target: TwoKeys, headers: Shown, path?: string) {
  return post(target, { query, variables: { ids: foreignIds(target) } }, headers, path);
}

/** One frame is enough to tell that it was let in. */
const watch = (target: TwoKeys, shown: unknown, headers: Shown = {}) =>
  overSocket(
    target,
    'subscription { jobs { jobs { id } } }',
    {},
    { shown, headers, mostFrames: 1 },
  );

/** What a first message holds, and the code that the socket is closed with. */
const strangeMessages: Readonly<
  Record<string, readonly [code: number, (valid: string) => unknown]>
> = {
  'that is empty': [4401, () => ({})],
  'that is null': [4401, () => null],
  'that is a text': [4400, (valid) => `Bearer ${valid}`],
  'that is a number': [4400, () => 7],
  'that is a list': [4400, (valid) => [`Bearer ${valid}`]],
  'with a number': [4401, () => ({ authorization: 7 })],
  'with null': [4401, () => ({ authorization: null })],
  'with true': [4401, () => ({ authorization: true })],
  'with a list of a valid key': [4401, (valid) => ({ authorization: [`Bearer ${valid}`] })],
  'with an object': [4401, (valid) => ({ authorization: { toString: `Bearer ${valid}` } })],
  'with a valid key under another name': [4401, (valid) => ({ token: valid, key: valid })],
  'with the headers of a request': [
    4401,
    (valid) => ({ headers: { authorization: `Bearer ${valid}` } }),
  ],
  'with an empty text': [4403, () => ({ authorization: '' })],
  'with a valid key without a scheme': [4403, (valid) => ({ authorization: valid })],
  'with a valid key as a password': [
    4403,
    (valid) => ({ authorization: `Basic ${base64(`user:${valid}`)}` }),
  ],
};

const refusedBySocket: readonly Attack<TwoKeys>[] = [
  ...Object.entries(strangeMessages).map(([what, [closeCode, make]]) => ({
    name: `a first message ${what}`,
    attack: (target: TwoKeys) => watch(target, make(target.keys.valid)),
    expected: { closeCode },
  })),
  ...Object.entries(keysThatAreNone).map(([what, make]) => ({
    name: `a first message with a key ${what}`,
    attack: (target: TwoKeys) => watch(target, bearer(make(target.keys))),
    expected: { closeCode: 4403 },
  })),
  {
    name: 'a first message whose prototype would have a valid key',
    attack: (target) => {
      const prototype = `{"__proto__":{"authorization":"Bearer ${target.keys.valid}"}}`;
      return watch(target, JSON.parse(prototype));
    },
    expected: { closeCode: 4401 },
  },
  {
    name: 'a revoked key in the first message, and a valid one in the handshake',
    attack: (target) => watch(target, bearer(target.keys.revoked), bearer(target.keys.valid)),
    expected: { closeCode: 4403 },
  },
  {
    name: 'a revoked key in the handshake',
    attack: (target) => watch(target, undefined, bearer(target.keys.revoked)),
    expected: { closeCode: 4403 },
  },
];

export const keyAttacks: readonly Attack<TwoKeys>[] = [...refusedByPost, ...refusedBySocket];
