// A server that answers its own page and nobody else's documents, whichever way they come.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { documentIdOf } from '../../../src/http/documents.ts';
import {
  QueueHourDocument,
  WatchQueueDocument,
} from '../../../web/page/api/documents.generated.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { openSocket } from '../../support/socket.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api', TRUSTED_DOCUMENTS: 'only' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const query = QueueHourDocument.toString();
const subscription = WatchQueueDocument.toString();

async function post(payload: object) {
  const { status, body } = await sendRaw(app.url, '/graphql', {
    ...{ method: 'POST', headers: json, body: JSON.stringify(payload) },
  });
  return { status, answer: JSON.parse(body.toString()) };
}
async function get(parameters: Record<string, string>) {
  const path = `/graphql?${String(new URLSearchParams(parameters))}`;
  const { status, body } = await sendRaw(app.url, path, { headers: json });
  return { status, answer: JSON.parse(body.toString()) };
}

const answered = { status: 200, answer: { data: { queueStats: { queued: 0 } } } };
const refusedAs = (code: string) => ({
  status: 400,
  answer: { errors: [{ extensions: { code } }] },
});

describe('the page’s document is answered', () => {
  test('by POST, by its text and by its id', async () => {
    expect(await post({ query })).toMatchObject(answered);
    expect(await post({ documentId: documentIdOf(query) })).toMatchObject(answered);
  });

  test('by GET, by its text and by its id', async () => {
    expect(await get({ query })).toMatchObject(answered);
    expect(await get({ documentId: documentIdOf(query) })).toMatchObject(answered);
  });

  test('over WebSocket, by its text and by its id', async () => {
    await using socket = await openSocket(app.url);
    socket.subscribe('text', subscription);
    const documentId = documentIdOf(subscription);
    socket.send({ id: 'id', type: 'subscribe', payload: { query: '', documentId } });
    for (const id of ['text', 'id']) {
      expect((await socket.receive(id)).payload).toMatchObject({
        data: { queueStats: { queued: 0 } },
      });
    }
  });
});

test('any other document is refused by POST, by GET and over WebSocket', async () => {
  const other = '{ queueStats { queued } }';
  expect(await post({ query: other })).toMatchObject(refusedAs('DOCUMENT_NOT_TRUSTED'));
  expect(await get({ query: other })).toMatchObject(refusedAs('DOCUMENT_NOT_TRUSTED'));
  expect(await post({ documentId: 'sha256:0' })).toMatchObject(refusedAs('DOCUMENT_NOT_FOUND'));
  expect(await get({ documentId: 'sha256:0' })).toMatchObject(refusedAs('DOCUMENT_NOT_FOUND'));
  await using socket = await openSocket(app.url);
  socket.subscribe('other', 'subscription { queueStats { queued } }');
  const [message] = await socket.readToEnd('other');
  expect(message).toMatchObject({
    ...{ type: 'error', payload: [{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }] },
  });
});

test('an id wins over a text that comes with it', async () => {
  expect(await post({ documentId: documentIdOf(query), query: '{ nope }' })).toMatchObject(
    answered,
  );
});
