// What subscribers count on when the line between the API and the database goes dead without a word: the silence is
// noticed, and no terminal state is missed.

import { expect, test } from '@jest/globals';
import { failAttempt } from '../../src/db/attempts.ts';
import { toGlobalId } from '../../src/resolvers/globalId.ts';
import { failJob, runJob } from '../support/jobStates.ts';
import { startApp } from '../support/app.ts';
import { backendsOf } from '../support/connections.ts';
import { createTestDatabase } from '../support/database.ts';
import { openLink } from '../support/databaseLink.ts';
import { eventually } from '../support/eventually.ts';
import { percentile, report, summarize } from '../support/figures.ts';
import { openFolder } from '../support/folder.ts';
import { createJob, keyOf } from '../support/jobs.ts';
import { scale } from '../support/scale.mjs';
import { openSocket } from '../support/socket.ts';
import { startTapedeck } from '../support/tapedeck.ts';

const listener = 'tapedeck api listen';

test('a LISTEN connection that carries nothing any more is noticed within 15 s, and no end is missed', async () => {
  const noticed: number[] = [];
  const heard: number[] = [];
  for (let turn = 0; turn < scale(1, 4); turn += 1) {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await createTestDatabase());
    const link = stack.use(await openLink(database));
    const app = stack.use(await startApp({ settings: { ROLES: 'api', DATABASE_URL: link.url } }));
    const isReady = async () => (await fetch(`${app.url}/readyz`)).ok;
    await eventually('the API to listen', isReady);
    const job = await runJob(app);
    const socket = stack.use(await openSocket(app.url));
    socket.subscribe('1', `subscription ($id: ID!) { job(id: $id) { isFinal job { status } } }`, {
      id: job.id,
    });
    await socket.receive('1');
    const before = await backendsOf(database, listener);
    expect(link.silence('listen tapedeck_jobs')).toBe(1);
    const silentAt = performance.now();
    await failJob(app, 'PRIVATE', { job });
    const noticing = eventually(
      'another LISTEN connection',
      async () => (await backendsOf(database, listener)).some((pid) => !before.includes(pid)),
      { timeoutMs: 20_000 },
    ).then(() => noticed.push(performance.now() - silentAt));
    const last = (await socket.readToEnd('1')).at(-2);
    heard.push(performance.now() - silentAt);
    await noticing;
    expect(last?.payload.data.job).toEqual({ isFinal: true, job: { status: 'FAILED' } });
  }
  report({
    demand: 'the LISTEN connection goes dead without a word',
    target: 'noticed ≤ 15 s, no terminal state missed',
    measured: `noticed after ${summarize(noticed)}; the end heard after ${summarize(heard)}`,
  });
  expect(Math.max(...noticed)).toBeLessThan(16_000);
}, 180_000);

test('one of three API processes is killed: its clients come back to another, and no end is missed', async () => {
  const [jobs, socketsEach] = [10, scale(40, 400)];
  await using stack = new AsyncDisposableStack();
  const { path: dataFolder } = stack.use(await openFolder());
  const database = stack.use(await createTestDatabase());
  const start = () =>
    startTapedeck({ dataFolder, settings: { DATABASE_URL: database.url, ROLES: 'api' } });
  const [killed, ...others] = await Promise.all([start(), start(), start()]);
  for (const each of [killed, ...others]) stack.use(each);
  const running = await Promise.all(
    Array.from({ length: jobs }, () =>
      createJob(database.pool, 'RUNNING', { ownerId: 'everybody' }),
    ),
  );

  const subscribe = async (url: string, place: number) => {
    const socket = stack.use(await openSocket(url));
    const id = toGlobalId(running[place % jobs]?.id ?? '');
    socket.subscribe('1', `subscription ($id: ID!) { job(id: $id) { isFinal job { status } } }`, {
      id,
    });
    await socket.receive('1');
    return socket;
  };
  /** What a client does: when its socket is gone it asks again, with what it asked first. */
  const followToEnd = async (url: string, place: number) => {
    const socket = await subscribe(url, place);
    return async (): Promise<number> => {
      const ended = socket.readToEnd('1').catch(async () => {
        const next = await subscribe(others[place % 2]?.url ?? '', place);
        return next.readToEnd('1');
      });
      const last = (await ended).at(-2);
      expect(last?.payload.data.job).toEqual({ isFinal: true, job: { status: 'FAILED' } });
      return performance.now();
    };
  };
  const followers: (() => Promise<number>)[] = [];
  for (const { url } of [killed, ...others]) {
    const places = Array.from({ length: socketsEach }, (_, place) => place);
    followers.push(...(await Promise.all(places.map((place) => followToEnd(url, place)))));
  }
  const following = followers.map((follow) => follow());
  await killed.stop('SIGKILL');
  const endedAt = performance.now();
  for (const job of running) await failAttempt(database.pool, keyOf(job), 'PRIVATE');
  const heard = (await Promise.all(following)).map((at) => at - endedAt);
  report({
    demand: `${followers.length} subscribers of three API processes, one of which is killed as their jobs end`,
    target: 'no terminal state missed, p99 ≤ 3 s',
    measured: `none missed; p99 ${(percentile(heard, 0.99) / 1_000).toFixed(2)} s, ${summarize(heard)}`,
  });
}, 180_000);
