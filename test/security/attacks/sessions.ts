// Cookies that the server did not give to who shows them. Each makes a new visitor, who has nothing; whose jobs a known
// visitor reaches for is in foreignJobs.ts.

import { createKeyring } from '../../../src/secrets.ts';
import type { Answer, Attack } from '../attack.ts';
import { overSocket, post } from '../send.ts';
import { foreignIds, keyringOf } from '../twoOwners.ts';
import type { TwoOwners } from '../twoOwners.ts';

const cookieOf = (visitor: TwoOwners['owner']) => visitor.headers()['cookie'] ?? '';

/** The parts of the owner's cookie. */
function partsOf({ owner }: TwoOwners) {
  const [, id = '', day = '', keyId = '', mac = ''] =
    /^tapedeck=([\w-]{22})\.(\d+)\.([\w-]{6})\.([\w-]{43})$/.exec(cookieOf(owner)) ?? [];
  return { id, day, keyId, mac };
}

const changed = (character: string | undefined) => (character === 'A' ? 'B' : 'A');

const strangeCookies: Readonly<Record<string, (target: TwoOwners) => string>> = {
  'that is empty': () => 'tapedeck=',
  'that is none': () => '=',
  'that names everybody': () => 'tapedeck=everybody',
  'that is an owner’s name in the database': (target) => `tapedeck=session:${partsOf(target).id}`,
  'without a signature': (target) => `tapedeck=${partsOf(target).id}`,
  'with an empty signature': (target) => cookieOf(target.owner).replace(/\.[\w-]{43}$/, '.'),
  'cut short by one character': (target) => cookieOf(target.owner).slice(0, -1),
  'that is longer by one character': (target) => `${cookieOf(target.owner)}A`,
  'with its id changed': (target) =>
    cookieOf(target.owner).replace(/=(.)/, (_, first) => `=${changed(first)}`),
  'with its day changed': (target) =>
    cookieOf(target.owner).replace(/\.(\d+)\./, (_, day) => `.${Number(day) - 1}.`),
  'with its signature changed': (target) => {
    const { id, day, keyId, mac } = partsOf(target);
    return `tapedeck=${id}.${day}.${keyId}.${changed(mac[0])}${mac.slice(1)}`;
  },
  'with its signature in capitals': (target) => {
    const { id, day, keyId, mac } = partsOf(target);
    return `tapedeck=${id}.${day}.${keyId}.${mac.toUpperCase()}`;
  },
  'with the owner’s id and the stranger’s signature': (target) =>
    cookieOf(target.stranger).replace(/=[\w-]{22}/, `=${partsOf(target).id}`),
  'signed with another secret': (target) => {
    const { id, day } = partsOf(target);
    const signature = createKeyring(['of another server']).sign('session', `${id}.${day}`);
    return `tapedeck=${id}.${day}.${signature}`;
  },
  'signed with another secret under the name of ours': (target) => {
    const { id, day, keyId } = partsOf(target);
    const signature = createKeyring(['of another server']).sign('session', `${id}.${day}`);
    return `tapedeck=${id}.${day}.${keyId}.${signature.split('.', 2)[1]}`;
  },
  'with the signature of a link': (target) => {
    const { id, day } = partsOf(target);
    return `tapedeck=${id}.${day}.${keyringOf(target).sign('file', `${id}.${day}`)}`;
  },
  'that was signed too long ago': (target) => {
    const { id, day } = partsOf(target);
    const text = `${id}.${Number(day) - 401}`;
    return `tapedeck=${text}.${keyringOf(target).sign('session', text)}`;
  },
  'under the name that it has behind TLS': (target) => `__Host-${cookieOf(target.owner)}`,
  'under its name in capitals': (target) => cookieOf(target.owner).replace('tapedeck', 'Tapedeck'),
  'with spaces in it': (target) => cookieOf(target.owner).replaceAll('.', ' . '),
  'with a NUL behind it': (target) => `${cookieOf(target.owner)}%00`,
  'that is no percent-encoding': () => 'tapedeck=%E0%A4%A',
  'that is called like a part of every object': () =>
    '__proto__=tapedeck; constructor=x; tapedeck=__proto__',
  'that is SQL': () => `tapedeck=%27%20or%201%3D1--`,
  'of 8,000 characters': (target) => cookieOf(target.owner).padEnd(8_000, 'A'),
  'beside a thousand others': (target) => `${'a=b; '.repeat(1_000)}tapedeck=${partsOf(target).id}`,
  'twice, both forged': (target) => `tapedeck=${partsOf(target).id}; tapedeck=everybody`,
  'before the own one': (target) => `tapedeck=everybody; ${cookieOf(target.stranger)}`,
};

const query = 'query ($ids: [ID!]!) { it: nodes(ids: $ids) { id } jobs { totalCount } }';
const nothing = '{"it":[null,null,null,null],"jobs":{"totalCount":0}}';

/** In words, whom the server takes them for: what a signed text holds by chance must not decide. */
async function showCookie(target: TwoOwners, cookie: string): Promise<Answer> {
  const { headers, text, ...answer } = await post(
    target,
    { query, variables: { ids: foreignIds(target) } },
    { cookie },
  );
  const given = JSON.stringify(headers?.['set-cookie'] ?? []);
  const isNew = /^\["tapedeck=[\w-]{22}\.\d+\./.test(given) && !given.includes(partsOf(target).id);
  const whom = given === '[]' ? 'whom it knows' : isNew ? 'a new visitor' : `who has ${given}`;
  return { ...answer, text: `${text.trim()} to ${whom}` };
}

export const sessionAttacks: readonly Attack<TwoOwners>[] = [
  ...Object.entries(strangeCookies).map(([how, forge]) => ({
    name: `a cookie ${how}`,
    attack: (target: TwoOwners) => showCookie(target, forge(target)),
    expected: { status: 200, text: `{"data":${nothing}} to a new visitor` },
  })),
  {
    name: 'no cookie',
    attack: (target) => showCookie(target, ''),
    expected: { status: 200, text: `{"data":${nothing}} to a new visitor` },
  },
  {
    name: 'the own cookie before one with the owner’s id: it is the own one that counts',
    attack: (target) =>
      showCookie(target, `${cookieOf(target.stranger)}; tapedeck=${partsOf(target).id}`),
    expected: {
      status: 200,
      text: /\[null,null,null,null\],"jobs":\{"totalCount":[1-9].* to whom it knows$/,
    },
  },
  {
    name: 'a cookie of 20,000 characters',
    attack: (target) => post(target, { query }, { cookie: `tapedeck=${'A'.repeat(20_000)}` }),
    expected: { status: 431 },
  },
  ...[
    'without a signature',
    'signed with another secret',
    'under the name that it has behind TLS',
  ].map((how) => ({
    name: `a WebSocket with a cookie ${how}`,
    attack: (target: TwoOwners) =>
      overSocket(
        target,
        'subscription ($id: ID!) { job(id: $id) { isFinal job { id } } }',
        { variables: { id: target.foreign.running.id } },
        { headers: { cookie: strangeCookies[how]?.(target) ?? '' }, mostFrames: 1 },
      ),
    expected: { closeCode: 1000, text: '"job":{"isFinal":true,"job":null}' },
  })),
  {
    name: 'a cookie in the first message of a WebSocket',
    attack: (target) =>
      overSocket(
        target,
        'subscription ($id: ID!) { job(id: $id) { isFinal job { id } } }',
        { variables: { id: target.foreign.running.id } },
        { shown: { cookie: cookieOf(target.owner) }, mostFrames: 1 },
      ),
    expected: { closeCode: 1000, text: '"job":{"isFinal":true,"job":null}' },
  },
];
