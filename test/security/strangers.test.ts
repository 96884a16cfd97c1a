// Who may ask is the question of ACCESS=sessions and ACCESS=keys: tables of strangers, and of owners who are after
// another's jobs, each against a process of its own. What everybody may try is in attacks.test.ts.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { revokeApiKey } from '../../src/db/apiKeys.ts';
import type { Scope } from '../../src/domain/access.ts';
import { createApiKey } from '../../src/services/apiKeys.ts';
import { newVisitor } from '../support/visitor.ts';
import type { Visitor } from '../support/visitor.ts';
import { testAttacks } from './attack.ts';
import { foreignJobAttacks } from './attacks/foreignJobs.ts';
import { foreignLinkAttacks } from './attacks/foreignLinks.ts';
import { keyAttacks } from './attacks/keys.ts';
import type { TwoKeys } from './attacks/keys.ts';
import { scopeAttacks } from './attacks/scopes.ts';
import { sessionAttacks } from './attacks/sessions.ts';
import { makeTwoOwners, readAllJobs, startAsking } from './twoOwners.ts';
import type { TwoOwners } from './twoOwners.ts';

/** After everything: nothing has changed, nothing went wrong, and what opens doors is not in the log. */
async function expectUntouched(
  target: TwoOwners,
  before: unknown,
  secrets: readonly string[],
): Promise<void> {
  expect(await readAllJobs(target)).toEqual(before);
  const log = target.output();
  expect(log.match(/"level":(?:50|60).*/g)).toBeNull();
  // It does tell of the requests, or it could not fail to hold this.
  expect(log).toContain('"url":"/graphql"');
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    expect(log).not.toContain(secret);
  }
}

const tokenIn = (link: string) => link.split(/[/.]/)[2] ?? '';

describe('among visitors who are known by a cookie', () => {
  const stack = new AsyncDisposableStack();
  let target: TwoOwners;
  let before: unknown;
  beforeAll(async () => {
    const asking = await startAsking(stack, 'sessions');
    const [owner, stranger] = [newVisitor(asking.url), newVisitor(asking.url)];
    for (const visitor of [owner, stranger]) await visitor.post('{ __typename }');
    target = await makeTwoOwners(asking, 'sessions', {
      ...{ owner, stranger },
      ownerIdOf: (visitor) => `session:${/=([\w-]{22})\./.exec(cookieOf(visitor))?.[1]}`,
    });
    before = await readAllJobs(target);
  });
  afterAll(() => stack.disposeAsync());
  const cookieOf = (visitor: Visitor) => visitor.headers()['cookie'] ?? '';

  describe('a cookie', () => {
    testAttacks(() => target, sessionAttacks);
  });
  describe('a job', () => {
    testAttacks(() => target, foreignJobAttacks);
  });
  describe('a link', () => {
    testAttacks(() => target, foreignLinkAttacks);
  });

  test('all jobs are as they were, and the log complains of nothing and betrays nobody', async () => {
    const { owner, stranger, links } = target;
    const cookies = [owner, stranger].map((visitor) => cookieOf(visitor).replace('tapedeck=', ''));
    await expectUntouched(target, before, [...cookies, ...Object.values(links).map(tokenIn)]);
  });
});

describe('among programs that are known by a key', () => {
  const stack = new AsyncDisposableStack();
  let target: TwoKeys;
  let before: unknown;
  beforeAll(async () => {
    const asking = await startAsking(stack, 'keys');
    const { pool } = asking.database;
    const newKey = (...scopes: Scope[]) => createApiKey(pool, { name: 'a stranger’s', scopes });
    const valid = await newKey('request', 'read');
    const others = await newKey('request', 'read');
    const [reader, requester] = [await newKey('read'), await newKey('request')];
    const revoked = await newKey('request', 'read', 'admin');
    await revokeApiKey(pool, revoked.id);
    const known = new Map(
      [valid, others, reader, requester].map(({ id, key }) => [
        newVisitor(asking.url, { key }),
        `key:${id}`,
      ]),
    );
    const [owner, stranger, ...partners] = [...known.keys()] as [Visitor, Visitor, ...Visitor[]];
    const owners = await makeTwoOwners(asking, 'keys', {
      ...{ owner, stranger, partners },
      ownerIdOf: (visitor) => known.get(visitor) ?? '',
    });
    target = {
      ...owners,
      normalHeaders: stranger.headers(),
      keys: {
        valid: valid.key,
        reader: reader.key,
        requester: requester.key,
        revoked: revoked.key,
        hash: createHash('sha256').update(valid.key).digest('base64url'),
      },
    };
    before = await readAllJobs(target);
  });
  afterAll(() => stack.disposeAsync());

  describe('a key', () => {
    testAttacks(() => target, keyAttacks);
  });
  describe('a scope', () => {
    testAttacks(() => target, scopeAttacks);
  });
  describe('a job', () => {
    testAttacks(() => target, foreignJobAttacks);
  });
  describe('a link', () => {
    testAttacks(() => target, foreignLinkAttacks);
  });

  test('all jobs are as they were, and the log complains of nothing and betrays nobody', async () => {
    const { links, keys } = target;
    const texts = [...Object.values(keys), ...Object.values(links).map(tokenIn)];
    await expectUntouched(target, before, texts);
  });
});

test('the lists hold at least 140 attacks, no two of one name in one list', () => {
  const lists = [sessionAttacks, keyAttacks, scopeAttacks, foreignJobAttacks, foreignLinkAttacks];
  const names = lists.map((attacks: readonly { readonly name: string }[]) =>
    attacks.map(({ name }) => name),
  );
  expect(names.flat().length).toBeGreaterThanOrEqual(140);
  for (const each of names) expect(new Set(each).size).toBe(each.length);
});
