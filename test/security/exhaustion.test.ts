// Who takes time and places instead of sending much: against a server with little of both.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { createStorage } from '../../src/storage.ts';
import { succeedJob } from '../support/jobStates.ts';
import { readMemoryMb } from '../support/processes.ts';
import { sendRaw } from '../support/rawHttp.ts';
import { testAttacks } from './attack.ts';
import type { Attack } from './attack.ts';
import { get, post, sendBytes } from './send.ts';
import { startTarget } from './target.ts';

const mostSockets = 3;
const stack = new AsyncDisposableStack();
let target: Awaited<ReturnType<typeof startTarget>>;
beforeAll(async () => {
  target = await startTarget(stack, {
    OPEN_TO_NETWORK: 'true',
    TRUSTED_PROXIES: '127.0.0.1',
    MAX_SOCKETS_PER_ADDRESS: `${mostSockets}`,
    REQUEST_TIMEOUT_SECONDS: '1',
  });
});
afterAll(() => stack.disposeAsync());

const attacks: readonly Attack[] = [
  {
    name: 'headers that never end, a byte now and then',
    attack: (ours) => sendBytes(ours, 'GET / HTTP/1.1\r\nHost: localhost\r\nX: '),
    expected: { status: 408 },
  },
  {
    name: 'a body that never comes',
    attack: (ours) =>
      sendBytes(
        ours,
        'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
      ),
    expected: { status: 408 },
  },
  {
    name: 'two hundred connections that say nothing',
    async attack(ours) {
      const { hostname, port } = new URL(ours.url);
      const silent = Array.from({ length: 200 }, () => connect(Number(port), hostname));
      await Promise.all(silent.map((socket) => once(socket, 'connect')));
      const answer = await get(ours, '/livez');
      for (const socket of silent) socket.destroy();
      return answer;
    },
    expected: { status: 200 },
  },
  {
    name: 'a query that waits for the database',
    async attack(ours) {
      const client = await target.database.pool.connect();
      try {
        await client.query('begin; lock table tapedeck.jobs in access exclusive mode');
        return await post(ours, { query: '{ jobs { totalCount } }' });
      } finally {
        await client.query('rollback');
        client.release();
      }
    },
    expected: { status: 503, text: 'TIMED_OUT' },
  },
];
testAttacks(() => target, attacks);

test('two hundred readers of one MP3 who stop reading take neither its answer nor memory from others', async () => {
  // More than the kernel keeps for a reader: the rest has to wait somewhere.
  const content = Buffer.alloc(16 * 1024 * 1024, 'x');
  const storage = await createStorage(target.dataFolder);
  const { token } = await succeedJob({ app: { pool: target.database.pool, storage } }, { content });
  const path = `/files/${token}/x.mp3`;
  const memoryBefore = await readMemoryMb(target.pid);
  const { hostname, port } = new URL(target.url);
  const readers = Array.from({ length: 200 }, () => connect(Number(port), hostname));
  try {
    const begun = readers.map(async (socket) => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      // Nothing is taken out of it from here on.
      await once(socket, 'readable');
      return String(socket.read(15));
    });
    expect(new Set(await Promise.all(begun))).toEqual(new Set(['HTTP/1.1 200 OK']));
    expect(await post(target, { query: '{ queueStats { queued } }' })).toMatchObject({
      status: 200,
      text: expect.stringContaining('"queued":0'),
    });
    const { status, body } = await sendRaw(target.url, path);
    expect({ status, isWhole: body.equals(content) }).toEqual({ status: 200, isWhole: true });
    // Kept for each of them, it would be 3,200 MB.
    expect((await readMemoryMb(target.pid)) - memoryBefore).toBeLessThan(400);
    // They have been waiting all the while, and nobody was put off.
    expect(readers.every((socket) => !socket.destroyed)).toBe(true);
  } finally {
    for (const socket of readers) socket.destroy();
  }
});

async function openFrom(address: string, options: ClientOptions = {}) {
  const socket = new WebSocket(
    `${target.url.replace('http', 'ws')}/graphql`,
    'graphql-transport-ws',
    { headers: { 'x-forwarded-for': address }, ...options },
  );
  socket.on('error', () => {});
  return Promise.race([
    once(socket, 'open').then(() => socket),
    once(socket, 'unexpected-response').then(([request, { statusCode }]) => {
      request.destroy();
      return statusCode as number;
    }),
  ]);
}

async function close(sockets: readonly (WebSocket | number)[]): Promise<void> {
  await Promise.all(
    sockets.map(async (socket) => {
      if (typeof socket === 'number') return;
      socket.close();
      await once(socket, 'close');
    }),
  );
}

test('one address holds as many WebSockets as it may, also when all come at once; others hold theirs', async () => {
  const opened = await Promise.all(
    Array.from({ length: mostSockets + 2 }, () => openFrom('203.0.113.7')),
  );
  expect(opened.filter((socket) => socket === 429)).toHaveLength(2);
  const other = await openFrom('203.0.113.8');
  expect(other).toBeInstanceOf(WebSocket);
  await close([...opened, other]);
  const again = await openFrom('203.0.113.7');
  expect(again).toBeInstanceOf(WebSocket);
  await close([again]);
});

test('the addresses of one IPv6 line are one', async () => {
  const opened = await Promise.all(
    Array.from({ length: mostSockets + 1 }, (_, index) => openFrom(`2001:db8:1:2::${index + 1}`)),
  );
  expect(opened.filter((socket) => socket === 429)).toHaveLength(1);
  const neighbour = await openFrom('2001:db8:1:3::1');
  expect(neighbour).toBeInstanceOf(WebSocket);
  await close([...opened, neighbour]);
});

test('whoever is gone without a word loses their place after two missed pings', async () => {
  const address = '203.0.113.9';
  const gone = await Promise.all(
    Array.from({ length: mostSockets }, () => openFrom(address, { autoPong: false })),
  );
  const closes = gone.map(async (socket) => {
    if (typeof socket === 'number') throw new Error(`${socket} instead of a socket`);
    // A client that is there in every other respect: it is acknowledged, and follows a stream.
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const query = 'subscription { queueStats { queued } }';
    socket.send(JSON.stringify({ type: 'subscribe', id: 'one', payload: { query } }));
    const [code] = await once(socket, 'close');
    return code as number;
  });
  // Torn, not closed: nobody is there to say good-bye to.
  expect(await Promise.all(closes)).toEqual(Array.from({ length: mostSockets }, () => 1006));
  const again = await openFrom(address);
  expect(again).toBeInstanceOf(WebSocket);
  await close([again]);
}, 60_000);
