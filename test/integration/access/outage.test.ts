// Who asks is in the database: while it is away nobody can be told apart, and the answer says just that.

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { startOwnPostgres } from '../../support/ownPostgres.ts';
import type { OwnPostgres } from '../../support/ownPostgres.ts';
import { sendRaw } from '../../support/rawHttp.ts';

let postgres: OwnPostgres;
let app: TestApp;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  const settings = { ROLES: 'api', ACCESS: 'keys', DATABASE_URL: postgres.url };
  app = await startApp({ settings });
  await postgres.stop();
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const authorization = `Bearer tapedeck_${'A'.repeat(43)}`;

test('a request with a key is answered with 503, and tells nothing about the database', async () => {
  const { status, body } = await sendRaw(app.url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: '{"query":"{ queueStats { queued } }"}',
  });
  expectNothingDisclosed(body.toString(), app);
  expect({ status, answer: JSON.parse(body.toString()) }).toEqual({
    status: 503,
    answer: {
      errors: [
        {
          message: expect.stringContaining('cannot reach its database'),
          extensions: { code: 'SERVICE_UNAVAILABLE', requestId: expect.any(String) },
        },
      ],
    },
  });
});

test('a socket with a key is closed with 1013, on which clients come again', async () => {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  const [code, reason] = await once(socket, 'close');
  expect([code, String(reason)]).toEqual([1013, 'Try again later']);
});
