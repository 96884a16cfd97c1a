// How the API goes away: nobody is cut off, and clients come back by themselves.

import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { startApi } from '../../../src/api.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { send } from '../../support/graphql.ts';
import { failJob, runJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { openSocket } from '../../support/socket.ts';

const closeOriginal = WebSocket.prototype.close;

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const watched = `subscription ($id: ID!) { job(id: $id) { isFinal job { status } } }`;

test('sockets are closed with 1012, on which clients come back, and their streams are gone', async () => {
  const api = await startApi(app.app);
  const job = await runJob(app);
  const sockets = [await openSocket(api.url), await openSocket(api.url)];
  for (const socket of sockets) {
    socket.subscribe('1', watched, job);
    await socket.receive('1');
  }
  await api[Symbol.asyncDispose]();
  for (const { closed } of sockets) {
    expect(await closed).toEqual({ code: 1012, reason: 'The server restarts' });
  }
  await eventually('no stream', () => app.app.context.jobWatch.countStreams() === 0);
  await expect(openSocket(api.url)).rejects.toThrow('ECONNREFUSED');
});

test('many sockets are closed a few at a time, and meanwhile /readyz says 503 and nobody new stays', async () => {
  const api = await startApi(app.app);
  const sockets = await Promise.all(Array.from({ length: 150 }, () => openSocket(api.url)));
  const closing = jest.spyOn(WebSocket.prototype, 'close');
  const closedAt: number[] = [];
  closing.mockImplementation(function close(this: WebSocket, code, reason) {
    // The client's answer repeats the reason as it came, in bytes.
    if (typeof reason === 'string') closedAt.push(performance.now());
    closeOriginal.call(this, code, reason);
  });
  // It does not answer the close, and so keeps the server for a while.
  const [silent, ...others] = sockets;
  silent?.raw.pause();
  const stopped = api[Symbol.asyncDispose]();
  for (const { closed } of others) expect((await closed).code).toBe(1012);
  closing.mockRestore();
  const pauses = closedAt.filter((at, index) => at - (closedAt[index - 1] ?? at) > 90);
  expect({ closed: closedAt.length, pauses: pauses.length }).toEqual({ closed: 150, pauses: 2 });

  const readiness = await sendRaw(api.url, '/readyz');
  expect({ status: readiness.status, body: readiness.body.toString() }).toEqual({
    ...{ status: 503, body: '{"status":"stopping"}' },
  });
  await expect(openSocket(api.url)).rejects.toThrow('503');
  // What asks once is still answered.
  expect(await send(api.url, '{ queueStats { queued } }')).toMatchObject({ data: {} });
  silent?.raw.resume();
  expect((await silent?.closed)?.code).toBe(1012);
  await stopped;
});

test('a usual client misses nothing: it comes back with its original variables', async () => {
  const first = await startApi(app.app);
  const { port } = new URL(first.url);
  const job = await runJob(app);
  const isBack = Promise.withResolvers<void>();
  const client = createClient({
    url: `${first.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryWait: () => isBack.promise,
  });
  const frames = client.iterate({ query: watched, variables: { id: job.id } });
  const seen = [(await frames.next()).value?.data];
  await first[Symbol.asyncDispose]();
  await failJob(app, 'PRIVATE', { job });
  const second = await startApi({ ...app.app, config: { ...app.config, port: Number(port) } });
  isBack.resolve();
  for await (const { data } of frames) seen.push(data);
  expect(seen).toEqual([
    { job: { isFinal: false, job: { status: 'RUNNING' } } },
    { job: { isFinal: true, job: { status: 'FAILED' } } },
  ]);
  await client.dispose();
  await second[Symbol.asyncDispose]();
});

test('a request under way is finished, over a connection that would be kept', async () => {
  const api = await startApi(app.app);
  const job = await runJob(app);
  // The cancellation waits for the row, as for any task that writes at the moment.
  const holder = await app.database.pool.connect();
  await holder.query('begin');
  await holder.query('select from tapedeck.jobs where id = $1 for update', [job.jobId]);
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(api.url);
  const sent = request({
    ...{ hostname, port, agent, path: '/graphql', method: 'POST' },
    headers: { 'content-type': 'application/json' },
  });
  const query = 'mutation ($id: ID!) { cancelJob(id: $id) { job { status } } }';
  sent.end(JSON.stringify({ query, variables: job }));
  await eventually('the cancellation to wait', async () => {
    const { rowCount } = await app.database.pool.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return rowCount === 1;
  });
  const stopped = api[Symbol.asyncDispose]();
  await eventually('the listener to be closed', () =>
    sendRaw(api.url, '/livez').then(
      ({ status }) => status === 503,
      () => true,
    ),
  );
  await holder.query('commit');
  holder.release();
  const [response] = await once(sent, 'response');
  const body = await response.setEncoding('utf8').toArray();
  expect(JSON.parse(body.join(''))).toEqual({
    data: { cancelJob: { job: { status: 'CANCELED' } } },
  });
  const startedAt = performance.now();
  await stopped;
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  agent.destroy();
});

test('a request that was just sent is answered, over a kept connection and a new one', async () => {
  const api = await startApi(app.app);
  const { hostname, port } = new URL(api.url);
  const agent = new Agent({ keepAlive: true });
  const ask = async () => {
    const sent = request({ hostname, port, agent, path: '/livez' }).end();
    const [response] = await once(sent, 'response');
    await response.resume().toArray();
    return `${response.statusCode}, connection: ${response.headers.connection}`;
  };
  const silent = connect(Number(port), hostname);
  await once(silent, 'connect');
  expect(await ask()).toBe('200, connection: keep-alive');
  // The server sees the signal before it has read them.
  const stopped = api[Symbol.asyncDispose]();
  const answers = silent.setEncoding('utf8').toArray();
  silent.write('GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  expect(await ask()).toBe('200, connection: close');
  expect((await answers).join('')).toMatch(/^HTTP\/1.1 200 /);
  await stopped;
  agent.destroy();
});

test('idle connections do not hold it up', async () => {
  const api = await startApi(app.app);
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(api.url);
  const sent = request({ hostname, port, agent, path: '/livez' }).end();
  const [response] = await once(sent, 'response');
  await response.resume().toArray();
  const silent = connect(Number(port), hostname);
  await once(silent, 'connect');
  const startedAt = performance.now();
  await api[Symbol.asyncDispose]();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  agent.destroy();
  silent.destroy();
});

test('a client that does not answer the close is cut off, and does not hold it up for long', async () => {
  const api = await startApi(app.app);
  const socket = await openSocket(api.url);
  socket.raw.pause();
  const startedAt = performance.now();
  await api[Symbol.asyncDispose]();
  expect(performance.now() - startedAt).toBeLessThan(8_000);
  socket.raw.resume();
  await socket.closed;
});

test('a message over 64 KiB closes the socket with 1009, one below is read', async () => {
  await using socket = await openSocket(app.url);
  const padded = (length: number) =>
    `subscription { job(id: "x") { isFinal } }${' '.repeat(length)}`;
  socket.subscribe('fits', padded(60_000));
  expect((await socket.readToEnd('fits')).map(({ type }) => type)).toEqual(['next', 'complete']);
  socket.subscribe('too much', padded(70_000));
  expect((await socket.closed).code).toBe(1009);
  // It is that client's trouble alone.
  expect(await send(app.url, '{ queueStats { queued } }')).toMatchObject({ data: {} });
});
