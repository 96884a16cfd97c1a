import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { cancelJob, deleteJob, retryJob } from '../../../src/db/actions.ts';
import { claimAttempt, failAttempt } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { requestJob } from '../../../src/db/requests.ts';
import type { Job, JobStatus } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { inTurns } from '../../support/inTurns.ts';
import {
  createJob,
  findJob,
  findQueueJob,
  keyOf,
  lockQueueJob,
  newRequest,
  ownersOf,
  readJob,
} from '../../support/jobs.ts';
import { listen } from '../../support/listener.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** A job of alice and bob. */
async function createSharedJob(status: JobStatus): Promise<Job> {
  const job = await createJob(pool, status);
  await pool.query(`insert into tapedeck.job_owners (owner_id, job_id) values ('bob', $1)`, [
    job.id,
  ]);
  return job;
}

describe('canceling', () => {
  test.each(['QUEUED', 'RUNNING'] as const)(
    'a job that is %s takes it out of the queue',
    async (status) => {
      const { id } = await createJob(pool, status);
      const { kind } = await cancelJob(pool, 'alice', id);
      expect(kind).toBe('CANCELED');
      expect(await findQueueJob(pool, id)).toBeNull();
      expect(await readJob(pool, id)).toMatchObject({
        status: 'CANCELED',
        progress: { phase: null, bytesPerSecond: null, etaSeconds: null },
      });
    },
  );

  test('a job whose queue job a worker holds keeps that from ever running again', async () => {
    const { id } = await createJob(pool, 'RUNNING');
    await lockQueueJob(pool, id, 'worker');
    await cancelJob(pool, 'alice', id);
    const { rows } = await pool.query(
      `select attempts = max_attempts as exhausted from graphile_worker.jobs where locked_by = 'worker'`,
    );
    expect(rows).toEqual([{ exhausted: true }]);
  });

  test.each(['QUEUED', 'RUNNING'] as const)(
    "one's share of a job that is %s leaves it to the other owner, untouched",
    async (status) => {
      const job = await createSharedJob(status);
      await using listener = await listen(database);
      expect(await cancelJob(pool, 'alice', job.id)).toEqual({ kind: 'LEFT', job });
      expect(await listener.heard()).toEqual([job.id]);
      expect(await readJob(pool, job.id)).toEqual(job);
      expect(await ownersOf(pool, job.id)).toEqual(['bob']);
      expect(await findQueueJob(pool, job.id)).not.toBeNull();
      expect(await cancelJob(pool, 'alice', job.id)).toEqual({ kind: 'NOT_FOUND' });
      expect(await cancelJob(pool, 'bob', job.id)).toMatchObject({ kind: 'CANCELED' });
    },
  );

  test('by both owners at once ends the job once', async () => {
    await inTurns(50, async () => {
      const job = await createSharedJob('RUNNING');
      const outcomes = await Promise.all(
        ['alice', 'bob'].map((owner) => cancelJob(pool, owner, job.id)),
      );
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['CANCELED', 'LEFT']);
      expect(await readJob(pool, job.id)).toMatchObject({
        status: 'CANCELED',
        version: job.version + 1,
      });
    });
  });

  test.each(['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'] as const)(
    'a job that is %s answers its state',
    async (status) => {
      const job = await createJob(pool, status);
      const outcome = await cancelJob(pool, 'alice', job.id);
      expect(outcome).toEqual({ kind: 'ALREADY_TERMINAL', job });
    },
  );
});

describe('retrying', () => {
  test.each(['FAILED', 'CANCELED', 'EXPIRED'] as const)(
    'a job that is %s queues it under its id, and attempts go on',
    async (status) => {
      const job = await createJob(pool, status, { maxAttempts: 5 });
      const { kind } = await retryJob(pool, 'alice', job.id, 5);
      const queued = await readJob(pool, job.id);
      expect(kind).toBe('QUEUED');
      expect(queued).toMatchObject({
        status: 'QUEUED',
        attempt: job.attempt,
        maxAttempts: job.attempt + 5,
        ...{ failure: null, artifact: null, expiresAt: null, finishedAt: null },
      });
      expect((await findQueueJob(pool, job.id))?.is_in_place).toBe(true);
      expect(await claimAttempt(pool, job.id, 'worker')).toMatchObject({
        attempt: job.attempt + 1,
      });
    },
  );

  test('a job while its last queue job is not done yet leaves exactly one that will run', async () => {
    const job = await createJob(pool, 'RUNNING');
    await lockQueueJob(pool, job.id, 'worker');
    await failAttempt(pool, keyOf(job), 'PRIVATE');
    await retryJob(pool, 'alice', job.id, 5);
    expect(await findQueueJob(pool, job.id)).toMatchObject({ locked_by: null, attempts: 0 });
  });

  test('is for what has ended without an MP3', async () => {
    const [queued, running, succeeded] = [
      await createJob(pool, 'QUEUED'),
      await createJob(pool, 'RUNNING'),
      await createJob(pool, 'SUCCEEDED'),
    ];
    expect(await retryJob(pool, 'alice', queued.id, 5)).toMatchObject({ kind: 'STILL_ACTIVE' });
    expect(await retryJob(pool, 'alice', running.id, 5)).toMatchObject({ kind: 'STILL_ACTIVE' });
    expect(await retryJob(pool, 'alice', succeeded.id, 5)).toMatchObject({ kind: 'NOT_RETRYABLE' });
  });

  test.each(['QUEUED', 'RUNNING'] as const)('is refused while a twin is %s', async (status) => {
    const request = newRequest();
    const job = await createJob(pool, 'FAILED', request);
    const twin = await createJob(pool, status, request);
    expect(await retryJob(pool, 'alice', job.id, 5)).toEqual({ kind: 'TWIN_ACTIVE', job });
    await cancelJob(pool, 'alice', twin.id);
    expect(await retryJob(pool, 'alice', job.id, 5)).toMatchObject({ kind: 'QUEUED' });
  });

  test('twins at once, and a request beside them, makes one active job', async () => {
    await inTurns(50, async () => {
      const request = newRequest();
      const first = await createJob(pool, 'FAILED', request);
      const second = await createJob(pool, 'CANCELED', request);
      const [retries, requested] = await Promise.all([
        Promise.all([first, second].map(({ id }) => retryJob(pool, 'alice', id, 5))),
        requestJob(pool, request),
      ]);
      const started = [
        ...retries.filter(({ kind }) => kind === 'QUEUED'),
        ...(requested?.outcome === 'CREATED' ? [requested] : []),
      ];
      expect(started).toHaveLength(1);
      expect(['QUEUED', 'TWIN_ACTIVE']).toEqual(
        expect.arrayContaining(retries.map(({ kind }) => kind)),
      );
    });
  });
});

describe('deleting', () => {
  test('by the last owner takes the job and names its file', async () => {
    const job = await createJob(pool, 'SUCCEEDED');
    expect(await deleteJob(pool, 'alice', job.id)).toEqual({ kind: 'DELETED', orphan: job });
    expect(await findJob(pool, job.id)).toBeNull();
  });

  test('by one of two owners leaves the job and its file to the other', async () => {
    const job = await createSharedJob('SUCCEEDED');
    await using listener = await listen(database);
    expect(await deleteJob(pool, 'alice', job.id)).toEqual({ kind: 'DELETED', orphan: null });
    expect(await listener.heard()).toEqual([job.id]);
    expect(await readJob(pool, job.id)).toEqual(job);
    expect(await ownersOf(pool, job.id)).toEqual(['bob']);
  });

  test('by both owners at once makes one orphan', async () => {
    await inTurns(50, async () => {
      const { id } = await createSharedJob('FAILED');
      const outcomes = await Promise.all(
        ['alice', 'bob'].map((owner) => deleteJob(pool, owner, id)),
      );
      const orphans = outcomes.flatMap((outcome) =>
        outcome.kind === 'DELETED' && outcome.orphan !== null ? [outcome.orphan.id] : [],
      );
      expect(orphans).toEqual([id]);
      expect(await findJob(pool, id)).toBeNull();
    });
  });

  test.each(['QUEUED', 'RUNNING'] as const)(
    'waits until a job that is %s has ended',
    async (status) => {
      const job = await createJob(pool, status);
      expect(await deleteJob(pool, 'alice', job.id)).toEqual({ kind: 'STILL_ACTIVE', job });
    },
  );
});

test("what is another's and what never was look the same", async () => {
  const { id } = await createJob(pool, 'FAILED');
  for (const jobId of [id, randomUUID()]) {
    expect(await cancelJob(pool, 'mallory', jobId)).toEqual({ kind: 'NOT_FOUND' });
    expect(await retryJob(pool, 'mallory', jobId, 5)).toEqual({ kind: 'NOT_FOUND' });
    expect(await deleteJob(pool, 'mallory', jobId)).toEqual({ kind: 'NOT_FOUND' });
  }
});
