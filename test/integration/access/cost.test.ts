// What operations cost a caller over two API processes, as callers see it. How points are taken is tested in
// services/operationBudget.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { openSocket } from '../../support/socket.ts';
import { newVisitor } from '../../support/visitor.ts';

const settings = {
  ...{ ROLES: 'api', ACCESS: 'sessions', TRUSTED_PROXIES: '127.0.0.1', COST_PER_MINUTE: '600' },
  SESSION_SECRET: 's'.repeat(32),
};
const dear =
  '{ jobs(first: 100) { nodes { progress { phase } source { title } failure { code } } } }';

const stack = new AsyncDisposableStack();
let nodes: readonly [TestApp, TestApp];
beforeAll(async () => {
  const first = stack.use(await startApp({ settings }));
  nodes = [first, stack.use(await startApp({ settings, beside: first }))];
});
afterAll(() => stack.disposeAsync());

test('what is left is told beside each answer, with the policy, and nothing where nobody is limited', async () => {
  const [one] = nodes;
  const visitor = newVisitor(one.url);
  await visitor.post('{ __typename }');
  const { headers } = await visitor.post(dear);
  expect(headers['ratelimit-policy']).toBe('"cost";q=600;w=60');
  const [, left, secondsToFull] =
    /^"cost";r=(\d+);t=(\d+)$/.exec(String(headers['ratelimit'])) ?? [];
  expect(Number(left)).toBeGreaterThan(0);
  expect(Number(left)).toBeLessThan(300);
  expect(Number(secondsToFull)).toBe(Math.ceil(60 - Number(left) / 10));

  await using unlimited = await startApp({ settings: { ROLES: 'api' } });
  const answer = await newVisitor(unlimited.url).post('{ __typename }');
  expect(answer.headers).not.toHaveProperty('ratelimit');
});

test('a caller who has spent all on one server is refused by the next, on HTTP and sockets, until retryAt', async () => {
  const [one, other] = nodes;
  const visitor = newVisitor(one.url);
  // Without a cookie nobody can be met again.
  await visitor.post('{ __typename }');
  // The second one goes far below zero: each costs 300 and more.
  for (const expected of [200, 200, 429]) {
    expect((await visitor.post(dear)).status).toBe(expected);
  }
  const known = newVisitor(other.url, { headers: visitor.headers() });
  const { status, headers, body } = await known.post(dear);
  expect(status).toBe(429);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  const { extensions } = JSON.parse(body.toString()).errors[0];
  expect(extensions).toEqual({ code: 'RATE_LIMITED', retryAt: expect.any(String) });
  expect(Date.parse(extensions.retryAt)).toBeGreaterThan(Date.now());

  await using socket = await openSocket(other.url, visitor.headers());
  socket.subscribe('a', 'subscription { jobs { jobs { id } } }');
  expect(await socket.receive('a')).toMatchObject({
    ...{ type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] },
  });

  expect((await newVisitor(other.url).post(dear)).status).toBe(200);
});
