import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { finishAttempt, retryAttemptLater } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import {
  deleteLeftoverRows,
  enqueueForgottenJobs,
  expireDueArtifacts,
  expireLostArtifact,
  expireOverQuota,
  readFilesInUse,
} from '../../../src/db/upkeep.ts';
import { beatWorker } from '../../../src/db/workers.ts';
import type { Job } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import {
  createJob,
  findQueueJob,
  keyOf,
  letTimePass,
  lockQueueJob,
  newArtifact,
  newRequest,
  readJob,
  removeAllJobs,
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
// What is tested here looks at all there is.
beforeEach(() => removeAllJobs(pool));

/** Finished so many hours ago, with 24 hours to keep it. */
async function createStored(hoursAgo: number, sizeBytes = 100): Promise<Job> {
  const running = await createJob(pool, 'RUNNING');
  await finishAttempt(pool, keyOf(running), newArtifact({ sizeBytes }), 24);
  await letTimePass(pool, running.id, hoursAgo * 3_600);
  return readJob(pool, running.id);
}

describe('expiry', () => {
  test('takes what is due, and nothing else', async () => {
    const [due, kept] = [await createStored(24.1), await createStored(23.9)];
    expect(await expireDueArtifacts(pool, 500)).toEqual([keyOf(due)]);
    expect(await readJob(pool, kept.id)).toEqual(kept);
    const expired = await readJob(pool, due.id);
    // The token stays, so that the old address can say "gone".
    expect(expired).toMatchObject({ status: 'EXPIRED', artifact: due.artifact });
    expect(expired.finishedAt).toEqual(due.finishedAt);
  });

  test('takes the oldest first, so many at a time', async () => {
    const jobs = [await createStored(25), await createStored(27), await createStored(26)];
    const taken = [];
    for (let round = 0; round < 4; round += 1) taken.push(...(await expireDueArtifacts(pool, 1)));
    expect(taken).toEqual([jobs[1]!, jobs[2]!, jobs[0]!].map(keyOf));
  });

  test('never takes what is kept for ever', async () => {
    const running = await createJob(pool, 'RUNNING');
    await finishAttempt(pool, keyOf(running), newArtifact(), null);
    await letTimePass(pool, running.id, 100 * 24 * 3_600);
    expect(await expireDueArtifacts(pool, 500)).toEqual([]);
  });

  test('in several processes at once takes each file once', async () => {
    const jobs = await Promise.all([25, 26, 27, 28, 29].map((hours) => createStored(hours)));
    const taken = await Promise.all(Array.from({ length: 4 }, () => expireDueArtifacts(pool, 500)));
    const ids = taken.flat().map(({ jobId }) => jobId);
    expect(ids.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  });

  test('of a lost file is for that attempt alone, and once', async () => {
    const job = await createStored(1);
    await using listener = await listen(database);
    await expireLostArtifact(pool, { ...keyOf(job), attempt: 2 });
    expect(await readJob(pool, job.id)).toEqual(job);
    await expireLostArtifact(pool, keyOf(job));
    await expireLostArtifact(pool, keyOf(job));
    expect(await readJob(pool, job.id)).toMatchObject({
      status: 'EXPIRED',
      version: job.version + 1,
    });
    expect(await listener.heard()).toEqual([job.id]);
  });
});

describe('the quota', () => {
  test('takes the oldest files until the rest fits', async () => {
    const [old, middle, young] = [
      await createStored(3, 50),
      await createStored(2, 40),
      await createStored(1, 60),
    ];
    expect(await expireOverQuota(pool, 150)).toEqual([]);
    expect(await expireOverQuota(pool, 149)).toEqual([keyOf(old)]);
    expect(await expireOverQuota(pool, 100)).toEqual([]);
    expect(await expireOverQuota(pool, 99)).toEqual([keyOf(middle)]);
    expect(await readJob(pool, young.id)).toEqual(young);
  });

  test('of 0 bytes keeps nothing', async () => {
    const jobs = [await createStored(2), await createStored(1)];
    const taken = await expireOverQuota(pool, 0);
    expect(new Set(taken)).toEqual(new Set(jobs.map(keyOf)));
  });
});

test('the files in use are those of running attempts, and kept MP3s without their work folders', async () => {
  const [running, succeeded] = [await createJob(pool, 'RUNNING'), await createStored(1)];
  const others = [
    await createJob(pool, 'QUEUED'),
    await createJob(pool, 'FAILED'),
    await createJob(pool, 'CANCELED'),
    await createJob(pool, 'EXPIRED'),
  ];
  const keys = [running, succeeded, ...others].map(keyOf);
  const earlier = { ...keyOf(running), attempt: 0 };
  const asked = [...keys, earlier].flatMap((key) =>
    [false, true].map((isPublished) => ({ ...key, isPublished })),
  );
  const inUse = await readFilesInUse(pool, asked);
  expect(new Set(inUse)).toEqual(
    new Set([
      { ...keyOf(running), isPublished: false },
      { ...keyOf(running), isPublished: true },
      { ...keyOf(succeeded), isPublished: true },
    ]),
  );
});

describe('a queued job', () => {
  async function forget({ id }: Job, secondsAgo: number): Promise<void> {
    await pool.query(`delete from graphile_worker._private_jobs where key = $1`, [id]);
    await letTimePass(pool, id, secondsAgo);
  }

  test('whose queue job is gone is enqueued again, unchanged', async () => {
    const job = await createJob(pool, 'QUEUED');
    await forget(job, 61);
    const forgotten = await readJob(pool, job.id);
    expect(await enqueueForgottenJobs(pool)).toEqual([job.id]);
    expect((await findQueueJob(pool, job.id))?.is_in_place).toBe(true);
    expect(await readJob(pool, job.id)).toEqual(forgotten);
    expect(await enqueueForgottenJobs(pool)).toEqual([]);
  });

  test('that waits for a retry is enqueued for that time', async () => {
    const running = await createJob(pool, 'RUNNING');
    const job = (await retryAttemptLater(pool, keyOf(running), 'NETWORK', 600))!;
    await forget(job, 61);
    await enqueueForgottenJobs(pool);
    expect((await findQueueJob(pool, job.id))?.run_at).toEqual(job.runAt);
  });

  test('whose queue job has used up its deliveries is enqueued again', async () => {
    const job = await createJob(pool, 'QUEUED');
    await letTimePass(pool, job.id, 61);
    await pool.query(
      `update graphile_worker._private_jobs set attempts = max_attempts where key = $1`,
      [job.id],
    );
    expect(await enqueueForgottenJobs(pool)).toEqual([job.id]);
    expect(await findQueueJob(pool, job.id)).toMatchObject({ attempts: 0 });
  });

  test('that changed within the last minute is left alone', async () => {
    await forget(await createJob(pool, 'QUEUED'), 55);
    expect(await enqueueForgottenJobs(pool)).toEqual([]);
  });

  test('whose queue job waits or is being delivered is left alone', async () => {
    const [waiting, delivered] = [await createJob(pool, 'QUEUED'), await createJob(pool, 'QUEUED')];
    await beatWorker(pool, { id: 'worker', slots: 1 });
    await lockQueueJob(pool, delivered.id, 'worker');
    for (const { id } of [waiting, delivered]) await letTimePass(pool, id, 61);
    expect(await enqueueForgottenJobs(pool)).toEqual([]);
  });

  test('whose queue job has been held for a minute without a claim is enqueued again', async () => {
    const job = await createJob(pool, 'QUEUED');
    // A living worker: its claim threw, and its word to graphile-worker was lost with the database.
    await beatWorker(pool, { id: 'worker', slots: 1 });
    await lockQueueJob(pool, job.id, 'worker');
    await pool.query(
      `update graphile_worker._private_jobs set locked_at = locked_at - interval '61 s'`,
    );
    await letTimePass(pool, job.id, 61);
    expect(await enqueueForgottenJobs(pool)).toEqual([job.id]);
    expect(await findQueueJob(pool, job.id)).toMatchObject({ locked_by: null, attempts: 0 });
  });

  test('in several processes at once is enqueued once', async () => {
    const job = await createJob(pool, 'QUEUED');
    await forget(job, 61);
    await Promise.all(Array.from({ length: 4 }, () => enqueueForgottenJobs(pool)));
    const { rows } = await pool.query(`select key from graphile_worker.jobs`);
    expect(rows).toEqual([{ key: job.id }]);
  });
});

test('a job in any other status is never enqueued', async () => {
  for (const status of ['RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'] as const) {
    await letTimePass(pool, (await createJob(pool, status)).id, 61);
  }
  await pool.query(`delete from graphile_worker._private_jobs`);
  expect(await enqueueForgottenJobs(pool)).toEqual([]);
});

describe('rows that nobody needs', () => {
  test('are superseded queue jobs; those that will run, or are running, stay', async () => {
    const [superseded, running, waiting] = [
      await createJob(pool, 'RUNNING'),
      await createJob(pool, 'RUNNING'),
      await createJob(pool, 'QUEUED'),
    ];
    for (const { id } of [superseded, running]) await lockQueueJob(pool, id, 'worker');
    await retryAttemptLater(pool, keyOf(superseded), 'NETWORK', 60);
    const keys = async () => {
      const { rows } = await pool.query<{ key: string | null }>(
        `select key from graphile_worker.jobs order by id`,
      );
      return rows.map(({ key }) => key);
    };
    const all = [null, running.id, waiting.id, superseded.id];
    await deleteLeftoverRows(pool);
    expect(await keys()).toEqual(all);
    await pool.query(`select graphile_worker.force_unlock_workers(array['worker'])`);
    await deleteLeftoverRows(pool);
    expect(await keys()).toEqual(all.slice(1));
  });

  test('are idempotency keys after 24 hours', async () => {
    for (const key of ['old', 'young']) {
      await createJob(pool, 'QUEUED', newRequest({ idempotency: { key, argumentsHash: '' } }));
    }
    await pool.query(
      `update tapedeck.idempotency_keys set created_at = now()
         - case key when 'old' then interval '24 hours 1 second' else interval '23 hours' end`,
    );
    await deleteLeftoverRows(pool);
    const { rows } = await pool.query(`select key from tapedeck.idempotency_keys`);
    expect(rows).toEqual([{ key: 'young' }]);
  });
});
