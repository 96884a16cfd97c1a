// Streams come and go by the thousand: nothing of them stays.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { usedHeapMb } from '../../support/heap.ts';
import { queueJob, runJob } from '../../support/jobStates.ts';
import { openSocket } from '../../support/socket.ts';
import type { TestSocket } from '../../support/socket.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const countStreams = () =>
  app.app.context.jobWatch.countStreams() + app.app.context.queueWatch.countStreams();
const whenNone = () => eventually('no stream to be left', () => countStreams() === 0);

const subscriptions = [
  (id: string) => `subscription { job(id: "${id}") { isFinal } }`,
  () => `subscription { jobs { isSnapshot } }`,
  () => `subscription { queueStats { queued } }`,
  (id: string) => `subscription { jobs(ids: ["${id}"], activeOnly: false) { isSnapshot } }`,
];

/** Subscribes and leaves: after the first frame, or without waiting for it. */
async function comeAndGo(socket: TestSocket, jobId: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += 50) {
    const names = Array.from({ length: 50 }, (_, index) => `${done + index}`);
    for (const [index, name] of names.entries()) {
      socket.subscribe(name, subscriptions[index % subscriptions.length]!(jobId));
    }
    for (const [index, name] of names.entries()) {
      if (index % 5 !== 0) await socket.receive(name);
      socket.send({ type: 'complete', id: name });
    }
    await whenNone();
    socket.forget();
  }
}

test('2,000 subscribe-and-leave cycles leave no stream and no memory', async () => {
  const { id } = await runJob(app);
  await using socket = await openSocket(app.url);
  await comeAndGo(socket, id, 400);
  const before = usedHeapMb();
  await comeAndGo(socket, id, 2_000);
  expect(countStreams()).toBe(0);
  // A leaked stream holds a few kilobytes at least: 2,000 of them would be seen.
  expect(usedHeapMb() - before).toBeLessThan(3);
});

test('sockets that vanish take their streams along', async () => {
  const { id } = await queueJob(app);
  for (let round = 0; round < 10; round += 1) {
    const socket = await openSocket(app.url);
    for (const [index, subscription] of subscriptions.entries()) {
      socket.subscribe(`${index}`, subscription(id));
      if (round % 2 === 0) await socket.receive(`${index}`);
    }
    if (round % 3 === 0) socket.raw.close();
    else socket.raw.terminate();
    await socket.closed;
  }
  await whenNone();
  expect(countStreams()).toBe(0);
});

test('streams that end by themselves are counted no more', async () => {
  await using socket = await openSocket(app.url);
  const { id } = await queueJob(app);
  socket.subscribe('none', `subscription { job(id: "garbage") { isFinal } }`);
  await socket.readToEnd('none');
  socket.subscribe('ends', `subscription { job(id: "${id}") { isFinal } }`);
  await socket.receive('ends');
  expect(countStreams()).toBe(1);
  await app.app.context.requests.cancel(
    'everybody',
    Buffer.from(id, 'base64url').toString().slice(4),
  );
  await socket.readToEnd('ends');
  expect(countStreams()).toBe(0);
});

test('/metrics tells the open streams', async () => {
  const read = async () =>
    /^tapedeck_streams (\d+)$/m.exec(await (await fetch(`${app.url}/metrics`)).text())?.[1];
  await using socket = await openSocket(app.url);
  socket.subscribe('1', `subscription { jobs { isSnapshot } }`);
  socket.subscribe('2', `subscription { queueStats { queued } }`);
  await Promise.all([socket.receive('1'), socket.receive('2')]);
  expect(await read()).toBe('2');
  socket.send({ type: 'complete', id: '1' });
  await eventually('one stream', async () => (await read()) === '1');
});
