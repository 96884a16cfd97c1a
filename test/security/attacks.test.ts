// The whole list, against one Tapedeck as strangers would meet it: a process of its own on a real socket, with
// every default but one: it takes every public site.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testAttacks } from './attack.ts';
import type { Attack, Target } from './attack.ts';
import { documentAttacks } from './attacks/documents.ts';
import { fileAttacks } from './attacks/files.ts';
import { httpAttacks } from './attacks/http.ts';
import { socketAttacks } from './attacks/sockets.ts';
import { lookalikeAttacks, urlAttacks } from './attacks/urls.ts';
import { startTarget } from './target.ts';

/** By what they go for. */
const tables: Readonly<Record<string, readonly Attack[]>> = {
  'a document': documentAttacks,
  'a request': httpAttacks,
  'a WebSocket': socketAttacks,
  'a link': urlAttacks,
  'a file': fileAttacks,
};

const stack = new AsyncDisposableStack();
let target: Target;
beforeAll(async () => {
  target = await startTarget(stack, { ALLOWED_HOSTS: '*' });
});
afterAll(() => stack.disposeAsync());

describe.each(Object.entries(tables))('%s', (_, attacks) => {
  testAttacks(() => target, attacks);
});

test('after all of them the process is the same one, has complained of nothing and done nothing', async () => {
  const faults = target.output().match(/"level":(?:50|60).*/g) ?? [];
  expect(faults).toEqual([]);
  const { rows } = await target.database.pool.query('select count(*)::integer from tapedeck.jobs');
  expect(rows).toEqual([{ count: 0 }]);
});

describe('where YouTube alone is taken, a link', () => {
  let plain: Target;
  beforeAll(async () => {
    plain = await startTarget(stack);
  });
  testAttacks(() => plain, lookalikeAttacks);
});

test('the list holds at least 250 attacks, no two of one name', () => {
  const all = [...Object.values(tables), lookalikeAttacks];
  const names = all.flatMap((attacks) => attacks.map(({ name }) => name));
  expect(names.length).toBeGreaterThanOrEqual(250);
  expect(new Set(names).size).toBe(names.length);
});
