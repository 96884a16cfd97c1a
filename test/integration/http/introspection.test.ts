// A server that does not tell its schema: no way of asking gets it, and everything else is served.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { openSocket } from '../../support/socket.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api', INTROSPECTION: 'off' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const asked = [
  '{ __schema { types { name } } }',
  '{ __type(name: "Job") { fields { name } } }',
  'query Innocent { queueStats { queued } ...rest } fragment rest on Query { s: __schema { description } }',
];

test.each(asked)('%s is refused by POST and by GET', async (query) => {
  const posted = await sendRaw(app.url, '/graphql', {
    ...{ method: 'POST', headers: json, body: JSON.stringify({ query }) },
  });
  const got = await sendRaw(app.url, `/graphql?${String(new URLSearchParams({ query }))}`, {
    headers: json,
  });
  for (const { body } of [posted, got]) {
    const { data, errors } = JSON.parse(body.toString());
    expect(data).toBeUndefined();
    expect(errors[0].message).toMatch(/introspection/i);
  }
});

test('nor is it told over WebSocket', async () => {
  await using socket = await openSocket(app.url);
  socket.subscribe('a', 'subscription { queueStats { __typename queued } }');
  expect(await socket.receive('a')).toMatchObject({ type: 'next' });
  socket.subscribe('b', '{ __schema { types { name } } }');
  const { type, payload } = await socket.receive('b');
  expect({ type, told: JSON.stringify(payload) }).toEqual({
    ...{ type: 'error', told: expect.not.stringContaining('JobStatus') },
  });
});

test('names of types in answers are, since clients tell unions apart by them', async () => {
  const { body } = await sendRaw(app.url, '/graphql', {
    ...{ method: 'POST', headers: json, body: JSON.stringify({ query: '{ __typename }' }) },
  });
  expect(JSON.parse(body.toString())).toEqual({ data: { __typename: 'Query' } });
});
