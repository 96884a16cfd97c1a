// The LISTEN connection and the pool break in every way that a network knows, while streams are open: they stay
// open, and end with the truth.

import { EventEmitter, once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { enterPhase, failAttempt } from '../../../src/db/attempts.ts';
import { listenToChanges } from '../../../src/db/changes.ts';
import { createPool } from '../../../src/db/pool.ts';
import { isDatabaseUnavailable } from '../../../src/services/unavailable.ts';
import { createJobWatch } from '../../../src/services/watchJobs.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import {
  backendsOf,
  endConnections,
  freeze,
  refuseConnections,
} from '../../support/connections.ts';
import { eventually } from '../../support/eventually.ts';
import { watch } from '../../support/graphql.ts';
import { failJob, queueJob, runJob } from '../../support/jobStates.ts';

const listener = 'tapedeck api listen';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
  await eventually('the API to listen', async () => (await fetch(`${app.url}/readyz`)).ok);
});
afterAll(() => app[Symbol.asyncDispose]());
afterEach(() =>
  eventually('no stream to be left', () => app.app.context.jobWatch.countStreams() === 0),
);

type JobFrame = { isFinal: boolean; job: { version: number; status: string } | null };
type ListFrame = {
  isSnapshot: boolean;
  jobs: { id: string; status: string }[];
  removedIds: string[];
};

const watchJob = ({ id }: { id: string }) =>
  watch<JobFrame>(
    app.url,
    `subscription ($id: ID!) { job(id: $id) { isFinal job { version status } } }`,
    { id },
  );
const watchJobs = () =>
  watch<ListFrame>(app.url, `subscription { jobs { isSnapshot jobs { id status } removedIds } }`);

describe('the LISTEN connection is ended', () => {
  test('what changes while it cannot come back is told when it does, and streams end', async () => {
    await app.database.pool.query(`delete from tapedeck.jobs`);
    const [ending, moving] = [await runJob(app), await runJob(app)];
    await using end = watchJob(ending);
    await using move = watchJob(moving);
    await using list = watchJobs();
    await Promise.all([end.next(), move.next(), list.next()]);
    let created;
    {
      await using refusal = await refuseConnections(app.database);
      expect(refusal).toBeDefined();
      expect(await endConnections(app.database, listener)).toBe(1);
      await eventually(
        'readyz to see it',
        async () => (await fetch(`${app.url}/readyz`)).status === 503,
      );
      await failJob(app, 'PRIVATE', { job: ending });
      await enterPhase(app.app.pool, moving, 'DOWNLOADING', 0.1);
      created = await queueJob(app);
    }
    const backAt = performance.now();
    expect((await end.next()).value).toEqual({
      isFinal: true,
      job: { version: 3, status: 'FAILED' },
    });
    expect(await end.next()).toMatchObject({ done: true });
    expect((await move.next()).value).toMatchObject({ isFinal: false, job: { version: 3 } });
    const listed = new Map<string, string>();
    const removed: string[] = [];
    while (!(listed.has(created.id) && removed.includes(ending.id))) {
      const { value } = await list.next();
      for (const { id, status } of value.jobs) listed.set(id, status);
      removed.push(...value.removedIds);
    }
    // At once, and not with the next sweep.
    expect(performance.now() - backAt).toBeLessThan(10_000);
    expect(listed.get(ending.id)).toBe('FAILED');
    expect(listed.get(created.id)).toBe('QUEUED');
    await failJob(app, 'PRIVATE', { job: moving });
    expect((await move.next()).value).toMatchObject({ isFinal: true });
    await eventually('readyz to be well', async () => (await fetch(`${app.url}/readyz`)).ok);
  });

  test('again and again, while jobs live and end: every stream ends with the end', async () => {
    const jobs = await Promise.all(Array.from({ length: 20 }, () => runJob(app)));
    const reading = Promise.all(
      jobs.map(async (job) => {
        await using frames = watchJob(job);
        const seen: JobFrame[] = [];
        for await (const frame of frames) seen.push(frame);
        return seen;
      }),
    );
    for (const [index, job] of jobs.entries()) {
      if (index % 4 === 0) await endConnections(app.database, listener);
      await enterPhase(app.app.pool, job, 'DOWNLOADING', 0.1);
      await failAttempt(app.app.pool, job, 'PRIVATE');
    }
    for (const seen of await reading) {
      const versions = seen.map(({ job }) => job!.version);
      expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
      expect(seen.at(-1)).toEqual({ isFinal: true, job: { version: 4, status: 'FAILED' } });
    }
  });

  test('all connections at once: the next change is told', async () => {
    const job = await runJob(app);
    await using frames = watchJob(job);
    await frames.next();
    await endConnections(app.database, 'tapedeck api');
    await endConnections(app.database, listener);
    await failAttempt(app.database.pool, job, 'PRIVATE');
    expect((await frames.next()).value).toMatchObject({ isFinal: true, job: { status: 'FAILED' } });
  });
});

/** A hub with a feed of its own, whose heart beats fast. */
function openHub(name: string) {
  const events = new EventEmitter<{ connect: []; lost: [unknown] }>();
  const { pool } = app.database;
  const jobWatch = createJobWatch({
    db: pool,
    onReadError: (error) => {
      throw error;
    },
  });
  const feed = listenToChanges({
    ...{ connectionString: app.database.url, applicationName: name, pool },
    ...{ heartbeatMs: 200, heartbeatTimeoutMs: 150 },
    onChange: (jobIds) => jobWatch.onChange(jobIds),
    onConnect() {
      jobWatch.resync();
      events.emit('connect');
    },
    onLost: (cause) => events.emit('lost', cause),
  });
  return { jobWatch, feed, events };
}

describe('the LISTEN connection falls silent', () => {
  test('a backend that hangs is noticed by the heartbeat and replaced, and nothing is lost', async () => {
    const { jobWatch, feed, events } = openHub('silent');
    await once(events, 'connect');
    const job = await runJob(app);
    const stream = jobWatch.watchJob('everybody', job.jobId, null);
    (await stream.next()).value();
    const [pid] = await backendsOf(app.database, 'silent');
    {
      using frozen = freeze([pid!]);
      expect(frozen).toBeDefined();
      const lost = once(events, 'lost');
      const back = once(events, 'connect');
      await failAttempt(app.database.pool, job, 'PRIVATE');
      expect((await lost)[0]).toMatchObject({ message: 'the heartbeat did not come back' });
      await back;
      expect((await stream.next()).value()).toMatchObject({
        isFinal: true,
        job: { status: 'FAILED' },
      });
      expect(feed.isConnected()).toBe(true);
    }
    await feed[Symbol.asyncDispose]();
    await eventually('the frozen backend to be gone', async () => {
      return (await backendsOf(app.database, 'silent')).length === 0;
    });
  });

  test('a healthy connection is left alone, heartbeat after heartbeat', async () => {
    const { feed, events } = openHub('healthy');
    await once(events, 'connect');
    const [before] = await backendsOf(app.database, 'healthy');
    const lost: unknown[] = [];
    events.on('lost', (cause) => lost.push(cause));
    await app.database.pool.query('select pg_sleep(1)');
    expect(lost).toEqual([]);
    expect(await backendsOf(app.database, 'healthy')).toEqual([before]);
    await feed[Symbol.asyncDispose]();
  });

  test('stopping does not wait for a hanging backend', async () => {
    const { feed, events } = openHub('hanging');
    await once(events, 'connect');
    using frozen = freeze(await backendsOf(app.database, 'hanging'));
    expect(frozen).toBeDefined();
    const startedAt = performance.now();
    await feed[Symbol.asyncDispose]();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

describe('the pool falls silent', () => {
  test('a read without an answer is given up, and streams go on over another connection', async () => {
    const pool = createPool({
      ...{ connectionString: app.database.url, applicationName: 'silent pool' },
      ...{ maxConnections: 2, answerTimeoutMs: 300, onIdleError: () => {} },
    });
    const errors: unknown[] = [];
    const jobWatch = createJobWatch({ db: pool, onReadError: (error) => errors.push(error) });
    const job = await runJob(app);
    const stream = jobWatch.watchJob('everybody', job.jobId, null);
    (await stream.next()).value();
    using frozen = freeze(await backendsOf(app.database, 'silent pool'));
    expect(frozen).toBeDefined();
    await failAttempt(app.database.pool, job, 'PRIVATE');
    jobWatch.onChange([job.jobId]);
    expect((await stream.next()).value()).toMatchObject({
      isFinal: true,
      job: { status: 'FAILED' },
    });
    expect(errors.map(isDatabaseUnavailable)).toEqual([true]);
    await pool.end();
  });
});
