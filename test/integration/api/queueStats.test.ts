// The figures of the whole queue: a query, and a stream that is calm.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, send, watch } from '../../support/graphql.ts';
import {
  expireJob,
  failJob,
  postponeJob,
  queueJob,
  runJob,
  succeedJob,
} from '../../support/jobStates.ts';
import type { Queryable } from '../../../src/db/pool.ts';
import { beatWorker } from '../../../src/db/workers.ts';
import { createQueueWatch } from '../../../src/services/watchQueue.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());
beforeEach(async () => {
  await app.database.pool.query(`delete from tapedeck.jobs`);
  await app.database.pool.query(`delete from tapedeck.workers`);
});

const figures = `asOf queued running waitingForRetry workers workerSlots oldestQueuedAt`;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

async function cancel({ id }: { id: string }): Promise<void> {
  await ask(app.url, `mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }`, { id });
}

describe('the query', () => {
  test('an empty queue', async () => {
    const window = `window { succeeded failed canceled
      waitSecondsP50 waitSecondsP95 runSecondsP50 runSecondsP95 }`;
    expect(await ask(app.url, `{ queueStats { ${figures} ${window} } }`)).toEqual({
      queueStats: {
        ...{ asOf: instant, queued: 0, running: 0, waitingForRetry: 0, workers: 0, workerSlots: 0 },
        oldestQueuedAt: null,
        window: {
          ...{ succeeded: 0, failed: 0, canceled: 0, waitSecondsP50: null, waitSecondsP95: null },
          ...{ runSecondsP50: null, runSecondsP95: null },
        },
      },
    });
  });

  test('counts everybody’s jobs by what they wait for, and the workers that live', async () => {
    const oldest = await queueJob(app, { ownerId: 'somebody else' });
    await queueJob(app);
    await runJob(app);
    await postponeJob(app, 'NETWORK', 600);
    await failJob(app);
    for (const slots of [2, 4, 8]) await beatWorker(app.app.pool, worker(slots));
    await app.database.pool.query(
      `update tapedeck.workers set seen_at = now() - interval '1 minute' where slots = 8`,
    );
    const { queueStats } = await ask(app.url, `{ queueStats { ${figures} } }`);
    expect(queueStats).toMatchObject({
      ...{ queued: 2, running: 1, waitingForRetry: 1, workers: 2, workerSlots: 6 },
    });
    const { rows } = await app.database.pool.query<{ run_at: Date }>(
      `select run_at from tapedeck.jobs where id = $1`,
      [oldest.jobId],
    );
    expect(queueStats.oldestQueuedAt).toBe(rows[0]!.run_at.toISOString());
  });

  test('a window counts what ended in it, and how long it took', async () => {
    await succeedJob(app);
    await expireJob(app);
    await failJob(app);
    await cancel(await runJob(app));
    await cancel(await queueJob(app));
    // As if each had waited 10 s and run 40 s, and one had ended two hours ago.
    await app.database.pool.query(
      `update tapedeck.jobs set run_at = now() - interval '50 s',
         started_at = case when attempt > 0 then now() - interval '40 s' end, finished_at = now()`,
    );
    const old = await succeedJob(app);
    await app.database.pool.query(
      `update tapedeck.jobs set run_at = run_at - interval '2 h',
         started_at = started_at - interval '2 h', finished_at = finished_at - interval '2 h'
       where id = $1`,
      [old.jobId],
    );
    const { queueStats } = await ask(
      app.url,
      `fragment all on QueueWindow { succeeded failed canceled
         waitSecondsP50 waitSecondsP95 runSecondsP50 runSecondsP95 }
       { queueStats { usual: window { ...all } hours: window(minutes: 180) { ...all } } }`,
    );
    expect(queueStats.usual).toEqual({
      ...{ succeeded: 2, failed: 1, canceled: 2 },
      ...{ waitSecondsP50: 10, waitSecondsP95: 10, runSecondsP50: 40, runSecondsP95: 40 },
    });
    expect(queueStats.hours).toMatchObject({ succeeded: 3, failed: 1, canceled: 2 });
  });

  test('a window is 1 minute to a day; any other is refused in a sentence', async () => {
    const read = (minutes: number) =>
      send(
        app.url,
        `query ($minutes: Int!) { queueStats { window(minutes: $minutes) { failed } } }`,
        {
          minutes,
        },
      );
    for (const minutes of [1, 1_440]) {
      expect(await read(minutes)).toEqual({ data: { queueStats: { window: { failed: 0 } } } });
    }
    for (const minutes of [0, -1, 1_441, 2 ** 31 - 1]) {
      expect(await read(minutes)).toMatchObject({
        data: { queueStats: null },
        errors: [
          {
            message: '`minutes` has to be between 1 and 1440.',
            path: ['queueStats', 'window'],
            extensions: { code: 'BAD_USER_INPUT' },
          },
        ],
      });
    }
  });
});

describe('the stream', () => {
  const stream = `subscription { queueStats { queued running workers asOf } }`;

  test('begins with the present figures, at once', async () => {
    await queueJob(app);
    await using frames = watch(app.url, stream);
    expect((await frames.next()).value).toMatchObject({ queued: 1, running: 0 });
  });

  test('tells a change within about a second, and at most one a second', async () => {
    await using frames = watch(app.url, stream);
    const arrivals: number[] = [];
    let last: { queued: number } | undefined;
    const count = 60;
    const writing = (async () => {
      for (let made = 0; made < count; made += 1) {
        await queueJob(app);
        // Spread over two seconds and more: a frame per change would be seen.
        await app.database.pool.query('select pg_sleep(0.04)');
      }
    })();
    while (last?.queued !== count) {
      const { value } = await frames.next();
      arrivals.push(performance.now());
      last = value;
    }
    await writing;
    const gaps = arrivals.slice(1).map((arrival, index) => arrival - arrivals[index]!);
    expect(arrivals.length).toBeGreaterThanOrEqual(3);
    expect(arrivals.length).toBeLessThanOrEqual(10);
    // A timer of a busy process is late at times, and the next one then seems early.
    expect(Math.min(...gaps)).toBeGreaterThan(700);
  });

  test('tells nothing while nothing changes', async () => {
    await queueJob(app);
    const { db, readings } = counted(app.app.pool);
    const queueWatch = createQueueWatch({ db, workerLostAfterSeconds: 6, onReadError });
    const frames = queueWatch.watchQueue();
    expect((await frames.next()).value()).toMatchObject({ queued: 1 });
    const seen: unknown[] = [];
    const next = frames.next().then(({ value }) => seen.push(value()));
    await eventually('two more readings of the queue', () => readings() >= 3);
    expect(seen).toEqual([]);
    await queueJob(app);
    await next;
    expect(seen).toEqual([expect.objectContaining({ queued: 2 })]);
    await frames.return?.();
  });

  test('the queue is read for all subscribers together, and not at all without one', async () => {
    const { db, readings } = counted(app.app.pool);
    const queueWatch = createQueueWatch({ db, workerLostAfterSeconds: 6, onReadError });
    const streams = Array.from({ length: 100 }, () => queueWatch.watchQueue());
    await Promise.all(streams.map((frames) => frames.next()));
    expect(queueWatch.countStreams()).toBe(100);
    expect(readings()).toBe(1);
    await Promise.all(streams.map(async (frames) => frames.return?.()));
    expect(queueWatch.countStreams()).toBe(0);
    const afterwards = readings();
    await app.database.pool.query('select pg_sleep(1.2)');
    expect(readings()).toBe(afterwards);
  });

  test('a reading that fails ends no stream: the next one tells', async () => {
    const { db, readings } = counted(app.app.pool);
    const errors: unknown[] = [];
    const queueWatch = createQueueWatch({
      ...{ db, workerLostAfterSeconds: 6 },
      onReadError: (error) => errors.push(error),
    });
    await app.database.pool.query(`alter table tapedeck.workers rename to hidden`);
    const frames = queueWatch.watchQueue();
    const first = frames.next();
    await eventually('two failed readings', () => errors.length >= 2);
    await app.database.pool.query(`alter table tapedeck.hidden rename to workers`);
    expect((await first).value()).toMatchObject({ queued: 0 });
    expect(readings()).toBeGreaterThan(2);
    await frames.return?.();
  });

  test('a client who leaves takes its stream along', async () => {
    const { queueWatch } = app.app.context;
    const streams = Array.from({ length: 5 }, () => watch(app.url, stream));
    await Promise.all(streams.map((frames) => frames.next()));
    expect(queueWatch.countStreams()).toBe(5);
    await Promise.all(streams.map((frames) => frames[Symbol.asyncDispose]()));
    await eventually('no stream to be left', () => queueWatch.countStreams() === 0);
  });
});

function worker(slots: number) {
  return { id: randomUUID(), slots };
}

/** The same database, with a count of what was asked. */
function counted(pool: Queryable): { db: Queryable; readings: () => number } {
  let readings = 0;
  const db: Queryable = {
    query(text, values) {
      readings += 1;
      return pool.query(text, values);
    },
  };
  return { db, readings: () => readings };
}

function onReadError(error: unknown): never {
  throw error;
}
