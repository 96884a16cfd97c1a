import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { claimAttempt } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import {
  beatWorker,
  forgetLosses,
  hasLivingWorker,
  removeWorker,
  rescueLostAttempts,
} from '../../../src/db/workers.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { inTurns } from '../../support/inTurns.ts';
import {
  createJob,
  findQueueJob,
  keyOf,
  lockQueueJob,
  newRequest,
  readJob,
  removeAllJobs,
} from '../../support/jobs.ts';

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

/** A job that runs on a worker on record, its queue job locked. */
async function startOn(workerId: string, changes: { maxAttempts?: number } = {}) {
  await beatWorker(pool, { id: workerId, slots: 2 });
  const { id } = await createJob(pool, 'QUEUED', newRequest(changes));
  await lockQueueJob(pool, id, workerId);
  return (await claimAttempt(pool, id, workerId))!;
}

/** The worker was last seen so many seconds ago. */
async function silence(workerId: string, seconds: number): Promise<void> {
  await pool.query(
    `update tapedeck.workers set seen_at = now() - make_interval(secs => $2) where id = $1`,
    [workerId, seconds],
  );
}

describe('a worker that was not seen for too long', () => {
  test('loses its attempt, which is queued again at once', async () => {
    const job = await startOn('dead');
    await silence('dead', 6.1);
    expect(await rescueLostAttempts(pool, lostAfterSeconds)).toMatchObject([keyOf(job)]);
    const queued = await readJob(pool, job.id);
    expect(queued).toMatchObject({
      status: 'QUEUED',
      version: job.version + 1,
      attempt: 1,
      maxAttempts: job.maxAttempts,
      failure: { code: 'WORKER_LOST' },
      progress: { phase: null },
    });
    expect(queued.runAt.getTime()).toBeGreaterThanOrEqual(job.startedAt!.getTime());
    expect(await claimAttempt(pool, job.id, 'next')).toMatchObject({ attempt: 2 });
  });

  test('loses its queue job, which is unlocked and may run', async () => {
    const job = await startOn('dead');
    await silence('dead', 6.1);
    await rescueLostAttempts(pool, lostAfterSeconds);
    expect(await findQueueJob(pool, job.id)).toMatchObject({
      ...{ locked_by: null, attempts: 0, is_in_place: true },
    });
    const { rows } = await pool.query(
      `select is_available and run_at <= now() as runnable
       from graphile_worker._private_jobs where key = $1`,
      [job.id],
    );
    expect(rows).toEqual([{ runnable: true }]);
  });

  test('fails the job as WORKER_LOST after the last attempt, and nothing runs it again', async () => {
    const job = await startOn('dead', { maxAttempts: 1 });
    await silence('dead', 6.1);
    expect(await rescueLostAttempts(pool, lostAfterSeconds)).toMatchObject([keyOf(job)]);
    const failed = await readJob(pool, job.id);
    expect(failed).toMatchObject({ status: 'FAILED', failure: { code: 'WORKER_LOST' } });
    expect(failed.finishedAt).not.toBeNull();
    expect(await claimAttempt(pool, job.id, 'next')).toBeNull();
  });

  test('also loses a queue job that it fetched and had not claimed yet', async () => {
    await beatWorker(pool, { id: 'dead', slots: 1 });
    const job = await createJob(pool, 'QUEUED');
    await lockQueueJob(pool, job.id, 'dead');
    await silence('dead', 6.1);
    expect(await rescueLostAttempts(pool, lostAfterSeconds)).toEqual([]);
    expect(await readJob(pool, job.id)).toEqual(job);
    expect((await findQueueJob(pool, job.id))?.locked_by).toBeNull();
  });

  test('loses the chore that one of its other pools has fetched', async () => {
    await beatWorker(pool, { id: 'dead', slots: 1, otherPoolIds: ['chores of the dead'] });
    await pool.query(`select graphile_worker.add_job('sweepLeftovers', job_key := 'chore')`);
    await lockQueueJob(pool, 'chore', 'chores of the dead');
    await silence('dead', 6.1);
    await rescueLostAttempts(pool, lostAfterSeconds);
    expect((await findQueueJob(pool, 'chore'))?.locked_by).toBeNull();
  });

  test('is off the record, and back on it when it wakes up', async () => {
    await startOn('frozen');
    await silence('frozen', 6.1);
    await rescueLostAttempts(pool, lostAfterSeconds);
    expect(await hasLivingWorker(pool, lostAfterSeconds)).toBe(false);
    await beatWorker(pool, { id: 'frozen', slots: 2 });
    expect(await hasLivingWorker(pool, lostAfterSeconds)).toBe(true);
  });
});

describe('nothing is taken', () => {
  test('from a worker that was seen in time', async () => {
    const job = await startOn('alive');
    await silence('alive', 5.5);
    expect(await rescueLostAttempts(pool, lostAfterSeconds)).toEqual([]);
    expect(await readJob(pool, job.id)).toEqual(job);
    expect((await findQueueJob(pool, job.id))?.locked_by).toBe('alive');
  });

  test('from the living with the dead', async () => {
    const [lost, kept] = [await startOn('dead'), await startOn('alive')];
    await silence('dead', 60);
    expect(await rescueLostAttempts(pool, lostAfterSeconds)).toMatchObject([keyOf(lost)]);
    expect(await readJob(pool, kept.id)).toEqual(kept);
    expect((await findQueueJob(pool, kept.id))?.locked_by).toBe('alive');
  });
});

test('an attempt of a worker that is not on record at all is given up too', async () => {
  const job = await startOn('gone');
  await removeWorker(pool, 'gone');
  expect(await rescueLostAttempts(pool, lostAfterSeconds)).toMatchObject([keyOf(job)]);
  expect(await findQueueJob(pool, job.id)).toMatchObject({ locked_by: null, attempts: 0 });
});

test('of many rescuers at once one rescues, and each attempt once', async () => {
  const jobs = await inTurns(20, (turn) => startOn(`dead ${turn % 4}`));
  await pool.query(`update tapedeck.workers set seen_at = now() - interval '1 minute'`);
  const rescued = await Promise.all(
    Array.from({ length: 8 }, () => rescueLostAttempts(pool, lostAfterSeconds)),
  );
  const ids = rescued.flat().map(({ jobId }) => jobId);
  expect(ids.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  const { rows } = await pool.query(
    `select version, attempt, count(*)::integer as count from tapedeck.jobs group by 1, 2`,
  );
  expect(rows).toEqual([{ version: 3, attempt: 1, count: 20 }]);
});

test('a rescue does not wait for a job that somebody else is changing', async () => {
  const [busy, lost] = [await startOn('dead'), await startOn('dead')];
  await silence('dead', 60);
  const client = await pool.connect();
  await client.query('begin');
  await client.query(`select from tapedeck.jobs where id = $1 for update`, [busy.id]);
  expect(await rescueLostAttempts(pool, lostAfterSeconds)).toMatchObject([keyOf(lost)]);
  await client.query('rollback');
  client.release();
  expect(await rescueLostAttempts(pool, lostAfterSeconds)).toMatchObject([keyOf(busy)]);
});

test('only a worker of this host that still beats is taken for living', async () => {
  expect(await hasLivingWorker(pool, lostAfterSeconds)).toBe(false);
  await beatWorker(pool, { id: 'worker', slots: 1 });
  expect(await hasLivingWorker(pool, lostAfterSeconds)).toBe(true);
  await pool.query(`update tapedeck.workers set host = 'another'`);
  expect(await hasLivingWorker(pool, lostAfterSeconds)).toBe(false);
});

describe('a source that takes workers down with it', () => {
  /** The job's worker dies under it; answers what became of the job. */
  async function lose(jobId: string, workerId: string) {
    await beatWorker(pool, { id: workerId, slots: 2 });
    await claimAttempt(pool, jobId, workerId);
    await silence(workerId, 7);
    const [lost] = await rescueLostAttempts(pool, lostAfterSeconds);
    const job = await readJob(pool, jobId);
    return { ...job, isFinal: lost?.isFinal };
  }
  const secondsUntilDue = ({ runAt }: { runAt: Date }) => (runAt.getTime() - Date.now()) / 1_000;

  test('is put aside after the third, with attempts left', async () => {
    const { id } = await createJob(pool, 'QUEUED');
    const first = await lose(id, 'one');
    expect(first).toMatchObject({ status: 'QUEUED', isFinal: false });
    expect(secondsUntilDue(first)).toBeLessThanOrEqual(0.5);
    const second = await lose(id, 'two');
    // Apart from those that died with it, one of which may be to blame.
    expect(secondsUntilDue(second)).toBeGreaterThan(4);
    expect(secondsUntilDue(second)).toBeLessThan(21);
    expect(await lose(id, 'three')).toMatchObject({
      ...{ status: 'FAILED', attempt: 3, maxAttempts: 5, isFinal: true },
      failure: { code: 'WORKER_LOST' },
    });
  });

  test('has one try a request from then on, until a day has passed', async () => {
    const { id, source } = await createJob(pool, 'QUEUED');
    for (const worker of ['one', 'two', 'three']) await lose(id, worker);
    const again = await createJob(pool, 'QUEUED', { source });
    expect(await lose(again.id, 'four')).toMatchObject({ status: 'FAILED', attempt: 1 });
    await pool.query(`update tapedeck.source_losses set lost_at = now() - interval '25 hours'`);
    const later = await createJob(pool, 'QUEUED', { source });
    expect(await lose(later.id, 'five')).toMatchObject({ status: 'QUEUED', attempt: 1 });
  });

  test('is cleared by a success, and is no other source', async () => {
    const { id, source } = await createJob(pool, 'QUEUED');
    for (const worker of ['one', 'two']) await lose(id, worker);
    await forgetLosses(pool, source);
    expect(await lose(id, 'three')).toMatchObject({ status: 'QUEUED' });
    const other = await createJob(pool, 'QUEUED');
    expect(await lose(other.id, 'four')).toMatchObject({ status: 'QUEUED' });
  });
});
