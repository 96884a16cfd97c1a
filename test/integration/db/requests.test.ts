import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { finishAttempt } from '../../../src/db/attempts.ts';
import { withTransaction } from '../../../src/db/pool.ts';
import type { Database } from '../../../src/db/pool.ts';
import { requestJob } from '../../../src/db/requests.ts';
import type { JobRequest } from '../../../src/db/requests.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import {
  createJob,
  findJob,
  findQueueJob,
  keyOf,
  letTimePass,
  newArtifact,
  newRequest,
  newSource,
  ownersOf,
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

async function outcomeOf(request: JobRequest): Promise<string> {
  return (await requestJob(pool, request))?.outcome ?? 'IDEMPOTENCY_KEY_REUSED';
}

async function countRows(request: JobRequest): Promise<{ jobs: number; queueJobs: number }> {
  const { rows } = await pool.query<{ jobs: number; queueJobs: number }>(
    `select count(*)::integer as jobs, count(q.id)::integer as "queueJobs"
     from tapedeck.jobs j left join graphile_worker.jobs q on q.key = j.id::text
     where j.external_id = $1`,
    [request.source.externalId],
  );
  return rows[0]!;
}

describe('a request', () => {
  test('for a new video creates a job as it was asked for', async () => {
    const request = newRequest({ options: { quality: 'VBR_BEST', embedThumbnail: false } });
    const { outcome, job } = (await requestJob(pool, request))!;
    expect(outcome).toBe('CREATED');
    expect(job).toMatchObject({
      version: 1,
      status: 'QUEUED',
      source: request.source,
      options: request.options,
      attempt: 0,
      maxAttempts: 5,
      failure: null,
      artifact: null,
      metadata: null,
      finishedAt: null,
    });
    expect(await ownersOf(pool, job.id)).toEqual(['alice']);
  });

  test('puts one queue job beside the row, in its place', async () => {
    const job = await createJob(pool, 'QUEUED');
    expect((await findQueueJob(pool, job.id))?.is_in_place).toBe(true);
  });

  test('is due at its very instant: half a millisecond later, it would wait for the next poll', async () => {
    for (let times = 0; times < 20; times += 1) {
      const rows = await withTransaction(pool, async (db) => {
        const { job } = (await requestJob(db, newRequest()))!;
        // Of the transaction, too.
        const due = `select run_at <= now() as "isDue" from graphile_worker.jobs where key = $1`;
        return (await db.query(due, [job.id])).rows;
      });
      expect(rows).toEqual([{ isDue: true }]);
    }
  });

  test.each(['QUEUED', 'RUNNING'] as const)('joins the same request that is %s', async (status) => {
    const request = newRequest();
    const job = await createJob(pool, status, request);
    const joined = await requestJob(pool, { ...request, ownerId: 'bob' });
    expect(joined).toEqual({ outcome: 'JOINED', job });
    expect(await ownersOf(pool, job.id)).toEqual(['alice', 'bob']);
    expect(await countRows(request)).toEqual({ jobs: 1, queueJobs: 1 });
  });

  test('joins whatever reuse it allows', async () => {
    const request = newRequest({ mayReuse: false });
    await createJob(pool, 'RUNNING', request);
    expect(await outcomeOf(request)).toBe('JOINED');
  });

  test('is answered by a finished job whose file is kept', async () => {
    const request = newRequest();
    const job = await createJob(pool, 'SUCCEEDED', request);
    const reused = await requestJob(pool, { ...request, ownerId: 'bob' });
    expect(reused).toEqual({ outcome: 'REUSED', job });
    expect(await ownersOf(pool, job.id)).toEqual(['alice', 'bob']);
  });

  test('is answered by the newest of several files', async () => {
    const request = newRequest({ mayReuse: false });
    const old = await createJob(pool, 'SUCCEEDED', request);
    await letTimePass(pool, old.id, 60);
    const newest = await createJob(pool, 'SUCCEEDED', request);
    const { job } = (await requestJob(pool, { ...request, mayReuse: true }))!;
    expect(job.id).toBe(newest.id);
  });

  test('that forbids reuse converts again', async () => {
    const request = newRequest({ mayReuse: false });
    const job = await createJob(pool, 'SUCCEEDED', request);
    const again = (await requestJob(pool, request))!;
    expect(again.outcome).toBe('CREATED');
    expect(again.job.id).not.toBe(job.id);
  });

  test('is not answered by a file whose time has come', async () => {
    const request = newRequest();
    const job = await createJob(pool, 'SUCCEEDED', request);
    await letTimePass(pool, job.id, 25 * 3_600);
    expect(await outcomeOf(request)).toBe('CREATED');
  });

  test('is answered by a file that is kept for ever', async () => {
    const request = newRequest();
    const running = await createJob(pool, 'RUNNING', request);
    const job = await finishAttempt(pool, keyOf(running), newArtifact(), null);
    expect(job?.expiresAt).toBeNull();
    expect(await outcomeOf(request)).toBe('REUSED');
  });

  test.each(['FAILED', 'CANCELED', 'EXPIRED'] as const)(
    'starts afresh after a job that is %s',
    async (status) => {
      const request = newRequest();
      await createJob(pool, status, request);
      expect(await outcomeOf(request)).toBe('CREATED');
    },
  );

  test('for another quality, cover, video or site is another job', async () => {
    const request = newRequest();
    const { options, source } = request;
    await createJob(pool, 'RUNNING', request);
    const others: JobRequest[] = [
      { ...request, options: { ...options, quality: 'KBPS_320' } },
      { ...request, options: { ...options, embedThumbnail: false } },
      { ...request, source: newSource() },
      { ...request, source: { ...source, site: 'example.com' } },
    ];
    expect(await Promise.all(others.map(outcomeOf))).toEqual(Array(4).fill('CREATED'));
  });
});

describe('when the queue takes no job', () => {
  test('neither the row nor the key is there afterwards', async () => {
    const request = newRequest({ idempotency: { key: 'broken', argumentsHash: 'hash' } });
    await pool.query(`alter function graphile_worker.add_jobs rename to add_jobs_away`);
    try {
      await expect(requestJob(pool, request)).rejects.toThrow('add_jobs');
    } finally {
      await pool.query(`alter function graphile_worker.add_jobs_away rename to add_jobs`);
    }
    expect(await countRows(request)).toEqual({ jobs: 0, queueJobs: 0 });
    const { rows } = await pool.query(`select from tapedeck.idempotency_keys where key = 'broken'`);
    expect(rows).toEqual([]);
    expect(await outcomeOf(request)).toBe('CREATED');
  });

  test('a transaction that fails later takes the queue job back too', async () => {
    const request = newRequest();
    const client = await pool.connect();
    await client.query('begin');
    const { job } = (await requestJob(client, request))!;
    await client.query('rollback');
    client.release();
    expect(await findJob(pool, job.id)).toBeNull();
    expect(await findQueueJob(pool, job.id)).toBeNull();
  });
});
