import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cancelJob } from '../../../src/db/actions.ts';
import { failAttempt, retryAttemptLater } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import {
  countFailures,
  readLivingWorkers,
  readQueueIntervals,
} from '../../../src/db/queueHistory.ts';
import { readQueueStats, readQueueWindow } from '../../../src/db/queueStats.ts';
import { beatWorker } from '../../../src/db/workers.ts';
import type { JobStatus } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, keyOf, removeAllJobs } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});
// What is tested here looks at all there is.
beforeEach(() => removeAllJobs(pool));

const lostAfterSeconds = 6;

type Run = { readonly endedAgo: number; readonly waited: number; readonly ran: number };

/** A job that ended so many seconds ago, having waited and run so many. */
async function createEnded(status: JobStatus, { endedAgo, waited, ran }: Run): Promise<void> {
  const { id } = await createJob(pool, status);
  await pool.query(
    `update tapedeck.jobs
     set finished_at = now() - make_interval(secs => $2),
         started_at = now() - make_interval(secs => $2 + $4),
         run_at = now() - make_interval(secs => $2 + $4 + $3)
     where id = $1`,
    [id, endedAgo, waited, ran],
  );
}

async function silence(workerId: string): Promise<void> {
  await pool.query(
    `update tapedeck.workers set seen_at = now() - interval '7 seconds' where id = $1`,
    [workerId],
  );
}

describe('the queue now', () => {
  test('is empty at first', async () => {
    expect(await readQueueStats(pool, lostAfterSeconds)).toMatchObject({
      ...{ queued: 0, running: 0, waitingForRetry: 0, workers: 0, workerSlots: 0 },
      oldestQueuedAt: null,
    });
  });

  test('tells what may run, what runs and what waits for a retry apart', async () => {
    const oldest = await createJob(pool, 'QUEUED');
    await createJob(pool, 'QUEUED');
    for (const seconds of [60, 3_600]) {
      await retryAttemptLater(pool, keyOf(await createJob(pool, 'RUNNING')), 'NETWORK', seconds);
    }
    await createJob(pool, 'RUNNING');
    for (const status of ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'] as const) {
      await createJob(pool, status);
    }
    expect(await readQueueStats(pool, lostAfterSeconds)).toMatchObject({
      ...{ queued: 2, running: 1, waitingForRetry: 2 },
      oldestQueuedAt: oldest.runAt,
    });
  });

  test('counts a retry among what may run as soon as its time has come', async () => {
    await retryAttemptLater(pool, keyOf(await createJob(pool, 'RUNNING')), 'NETWORK', 0);
    expect(await readQueueStats(pool, lostAfterSeconds)).toMatchObject({
      ...{ queued: 1, waitingForRetry: 0 },
    });
  });

  test('counts the workers that live, with their slots', async () => {
    await beatWorker(pool, { id: 'a', slots: 2 });
    await beatWorker(pool, { id: 'b', slots: 3 });
    await beatWorker(pool, { id: 'dead', slots: 5 });
    await silence('dead');
    const job = await createJob(pool, 'RUNNING', { workerId: 'b' });
    expect(await readQueueStats(pool, lostAfterSeconds)).toMatchObject({
      ...{ workers: 2, workerSlots: 5 },
    });
    expect(await readLivingWorkers(pool, lostAfterSeconds)).toEqual([
      { id: 'a', slots: 2, running: 0, startedAt: expect.any(Date), seenAt: expect.any(Date) },
      { id: 'b', slots: 3, running: 1, startedAt: expect.any(Date), seenAt: expect.any(Date) },
    ]);
    await failAttempt(pool, keyOf(job), 'PRIVATE');
    expect((await readLivingWorkers(pool, lostAfterSeconds))[1]?.running).toBe(0);
  });
});

describe('a window', () => {
  test('in which nothing ended has no times', async () => {
    await createJob(pool, 'RUNNING');
    expect(await readQueueWindow(pool, 60)).toEqual({
      ...{ succeeded: 0, failed: 0, canceled: 0 },
      ...{ waitSecondsP50: null, waitSecondsP95: null, runSecondsP50: null, runSecondsP95: null },
    });
  });

  test('counts what ended in it, and not before', async () => {
    const run = { endedAgo: 30, waited: 1, ran: 1 };
    await createEnded('SUCCEEDED', run);
    await createEnded('EXPIRED', run);
    await createEnded('FAILED', run);
    await createEnded('CANCELED', run);
    await createEnded('FAILED', { ...run, endedAgo: 61 });
    expect(await readQueueWindow(pool, 1)).toMatchObject({ succeeded: 2, failed: 1, canceled: 1 });
    expect(await readQueueWindow(pool, 2)).toMatchObject({ succeeded: 2, failed: 2, canceled: 1 });
  });

  test('measures the median of waiting and running, and what 95 of 100 stay below', async () => {
    for (let nth = 1; nth <= 21; nth += 1) {
      await createEnded('SUCCEEDED', { endedAgo: 10, waited: nth, ran: nth * 10 });
    }
    const window = await readQueueWindow(pool, 60);
    expect(window.waitSecondsP50).toBeCloseTo(11, 2);
    expect(window.waitSecondsP95).toBeCloseTo(20, 2);
    expect(window.runSecondsP50).toBeCloseTo(110, 2);
    expect(window.runSecondsP95).toBeCloseTo(200, 2);
  });

  test('leaves a job that was canceled before it ran out of the times', async () => {
    await createJob(pool, 'CANCELED');
    expect(await readQueueWindow(pool, 60)).toMatchObject({
      ...{ canceled: 1, waitSecondsP50: null, runSecondsP50: null },
    });
  });
});

test('the minutes follow each other without a gap, each with what ended in it', async () => {
  await createEnded('SUCCEEDED', { endedAgo: 120, waited: 3, ran: 7 });
  await createEnded('FAILED', { endedAgo: 120, waited: 5, ran: 9 });
  await createEnded('CANCELED', { endedAgo: 600, waited: 1, ran: 1 });
  const intervals = await readQueueIntervals(pool, 5);
  const starts = intervals.map(({ startsAt }) => startsAt.getTime());
  expect(starts.slice(1).map((start, index) => start - starts[index]!)).toEqual(
    Array(4).fill(60_000),
  );
  const busy = intervals.filter(({ succeeded, failed, canceled }) => succeeded + failed + canceled);
  expect(busy).toEqual([
    {
      startsAt: expect.any(Date),
      ...{ succeeded: 1, failed: 1, canceled: 0 },
      waitSecondsP50: expect.closeTo(4, 2),
      runSecondsP50: expect.closeTo(8, 2),
    },
  ]);
});

test('failures are counted by their cause, the most frequent first', async () => {
  for (const code of ['PRIVATE', 'UNAVAILABLE', 'UNAVAILABLE'] as const) {
    await failAttempt(pool, keyOf(await createJob(pool, 'RUNNING')), code);
  }
  await createEnded('FAILED', { endedAgo: 3_700, waited: 1, ran: 1 });
  const [waiting, canceled] = [await createJob(pool, 'RUNNING'), await createJob(pool, 'RUNNING')];
  for (const job of [waiting, canceled]) {
    await retryAttemptLater(pool, keyOf(job), 'NETWORK', 60);
  }
  await cancelJob(pool, 'alice', canceled.id);
  expect(await countFailures(pool, 60)).toEqual([
    { code: 'UNAVAILABLE', count: 2 },
    { code: 'PRIVATE', count: 1 },
  ]);
});
