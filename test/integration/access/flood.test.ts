// What one API process takes from one address, and what it holds for one owner.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { openSocket } from '../../support/socket.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { newVisitor } from '../../support/visitor.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    settings: {
      ...{ ROLES: 'api', ACCESS: 'sessions', TRUSTED_PROXIES: '127.0.0.1' },
      ...{
        OPERATIONS_PER_MINUTE_PER_ADDRESS: '10',
        MAX_SOCKETS: '2',
        MAX_STREAMS: '3',
        MAX_STREAMS_PER_ADDRESS: '5',
      },
    },
  });
});
afterAll(() => app[Symbol.asyncDispose]());

describe('operations', () => {
  test('beyond the allowance of an address are answered 429, and the pages still load', async () => {
    const from = { 'x-forwarded-for': '203.0.113.20' };
    const flood = newVisitor(app.url, { headers: from });
    for (let nth = 0; nth < 10; nth += 1)
      expect((await flood.post('{ __typename }')).status).toBe(200);
    const { status, headers, body } = await flood.post('{ __typename }');
    expect(status).toBe(429);
    expect(JSON.parse(body.toString())).toEqual({
      errors: [
        {
          message: expect.stringMatching(/^Too much was asked; come back in \d+ s\.$/),
          extensions: { code: 'RATE_LIMITED', retryAt: expect.any(String) },
        },
      ],
    });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await sendRaw(app.url, '/', { headers: from })).status).toBe(200);
    const other = newVisitor(app.url, { headers: { 'x-forwarded-for': '203.0.113.21' } });
    expect((await other.post('{ __typename }')).status).toBe(200);
  });

  test('are not moved to another address by a header of a proxy that nobody trusts', async () => {
    const lies = ['203.0.113.30', '203.0.113.31'];
    const statuses: number[] = [];
    for (let nth = 0; nth < 12; nth += 1) {
      // The proxy appends who it really was.
      const headers = { 'x-forwarded-for': `${lies[nth % 2]}, 203.0.113.40` };
      statuses.push((await newVisitor(app.url, { headers }).post('{ __typename }')).status);
    }
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
  });
});

const stream = 'subscription { jobs { isSnapshot } }';

describe('streams', () => {
  test('of one owner are counted over all their sockets, and come free again', async () => {
    const visitor = newVisitor(app.url);
    await visitor.post('{ __typename }');
    const open = () => openSocket(app.url, visitor.headers());
    const [one, two] = [await open(), await open()];
    for (const [socket, id] of [
      [one, 'a'],
      [one, 'b'],
      [two, 'c'],
    ] as const) {
      socket.subscribe(id, stream);
      expect((await socket.receive(id)).type).toBe('next');
    }
    two.subscribe('d', stream);
    expect(await two.receive('d')).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'TOO_MANY_STREAMS' } }],
    });
    await one[Symbol.asyncDispose]();
    two.subscribe('e', stream);
    expect((await two.receive('e')).type).toBe('next');
    await two[Symbol.asyncDispose]();
  });

  test('of one address are counted over all its owners', async () => {
    const from = { 'x-forwarded-for': '203.0.113.50' };
    const sockets = [await openSocket(app.url, from), await openSocket(app.url, from)];
    const answers: string[] = [];
    for (let nth = 0; nth < 6; nth += 1) {
      // Each socket without a cookie is a visitor of its own.
      const socket = sockets[nth % 2]!;
      socket.subscribe(`s${nth}`, stream);
      answers.push((await socket.receive(`s${nth}`)).type);
    }
    expect(answers).toEqual(['next', 'next', 'next', 'next', 'next', 'error']);
    for (const socket of sockets) await socket[Symbol.asyncDispose]();
  });
});

test('sockets of one owner are counted, and one that is closed makes room', async () => {
  const visitor = newVisitor(app.url);
  await visitor.post('{ __typename }');
  const open = () => openSocket(app.url, visitor.headers());
  const [one, two] = [await open(), await open()];
  await expect(open()).rejects.toThrow('the socket closed (1013 Too many connections)');
  const stranger = await openSocket(app.url);
  await stranger[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  const again = await eventually('room for one more', open);
  await again[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
});

describe('behind a trusted proxy with TLS', () => {
  const tls = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.60' };

  test('the cookie is Secure, and has the name that no sibling site can set', async () => {
    const { headers } = await sendRaw(app.url, '/', { headers: tls });
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-tapedeck=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
  });

  test('a proxy that is not trusted makes no cookie Secure, and no address', async () => {
    const plain = await startApp({ settings: { ROLES: 'api', ACCESS: 'sessions' } });
    const { headers } = await sendRaw(plain.url, '/', { headers: tls });
    expect(headers['set-cookie']).toEqual([expect.stringMatching(/^tapedeck=(?!.*Secure)/)]);
    await plain[Symbol.asyncDispose]();
  });
});
