import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finishAttempt, releaseAttempt } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import type { Job, SourceIdentity } from '../../../src/domain/job.ts';
import { createUpkeep } from '../../../src/services/upkeep.ts';
import type { Upkeep } from '../../../src/services/upkeep.ts';
import { createStorage } from '../../../src/storage.ts';
import type { FileKey, Storage } from '../../../src/storage.ts';
import { createThumbnails } from '../../../src/thumbnails.ts';
import type { Thumbnails } from '../../../src/thumbnails.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';
import {
  createJob,
  findQueueJob,
  keyOf,
  letTimePass,
  newArtifact,
  newSource,
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

let folder: Folder;
let storage: Storage;
let thumbnails: Thumbnails;
beforeEach(async () => {
  // Upkeep looks at all there is.
  await removeAllJobs(pool);
  folder = await openFolder();
  storage = await createStorage(folder.path);
  thumbnails = await createThumbnails(folder.path);
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

function upkeepWith(storeQuotaBytes: number | null = null): Upkeep {
  return createUpkeep({ pool, storage, thumbnails, storeQuotaBytes, sourceCacheBytes: 1_000 });
}

async function publish(key: FileKey, sizeBytes: number) {
  await using work = await storage.openWorkFolder(key);
  const file = join(work.path, 'tagged.mp3');
  await writeFile(file, Buffer.alloc(sizeBytes));
  return await storage.publish(file, key);
}

/** A job with its MP3 in the store, finished so many hours ago. */
async function createStored(hoursAgo: number, sizeBytes = 10): Promise<Job> {
  const running = await createJob(pool, 'RUNNING');
  const stored = await publish(keyOf(running), sizeBytes);
  await finishAttempt(pool, keyOf(running), newArtifact(stored), 24);
  await letTimePass(pool, running.id, hoursAgo * 3_600);
  return readJob(pool, running.id);
}

/** Row and file tell the same story. */
async function expectKept(job: Job, isKept: boolean): Promise<void> {
  expect({
    status: (await readJob(pool, job.id)).status,
    hasFile: await storage.hasArtifact(keyOf(job)),
  }).toEqual({ status: isKept ? 'SUCCEEDED' : 'EXPIRED', hasFile: isKept });
}

/** Lets every file and folder look so many minutes old. */
async function age(minutes: number): Promise<void> {
  const then = new Date(Date.now() - minutes * 60_000);
  for (const { path } of await storage.listFiles()) await utimes(path, then, then);
}

async function leftFiles(): Promise<string[]> {
  return (await storage.listFiles()).map(({ jobId, attempt }) => `${jobId}.${attempt}`).toSorted();
}

describe('expiry', () => {
  test('takes row and file together, and leaves what is not due', async () => {
    const [due, kept] = [await createStored(25), await createStored(23)];
    expect(await upkeepWith().expireArtifacts()).toEqual({ due: 1, overQuota: 0 });
    await expectKept(due, false);
    await expectKept(kept, true);
    expect(await upkeepWith().expireArtifacts()).toEqual({ due: 0, overQuota: 0 });
  });

  test('goes on until nothing is due, however much that is', async () => {
    const job = await createStored(25);
    await pool.query(
      `insert into tapedeck.jobs (status, site, external_id, source_url, quality, embed_thumbnail,
         max_attempts, artifact_token, artifact_size_bytes, artifact_sha256,
         artifact_duration_seconds, artifact_bitrate_kbps, finished_at, expires_at)
       select 'SUCCEEDED', site, n::text, source_url, quality, true, 5, n::text, 1, '', 1, 1,
         now(), now() - interval '1 hour'
       from tapedeck.jobs, generate_series(1, 1000) as n`,
    );
    expect(await upkeepWith().expireArtifacts()).toEqual({ due: 1_001, overQuota: 0 });
    await expectKept(job, false);
  });

  test('of a file that somebody removed before is no fault', async () => {
    const job = await createStored(25);
    await storage.removeArtifact(keyOf(job));
    expect(await upkeepWith().expireArtifacts()).toEqual({ due: 1, overQuota: 0 });
  });
});

describe('the quota', () => {
  test('takes the oldest MP3s, row and file together, until the rest fits', async () => {
    const jobs = [
      await createStored(3, 50),
      await createStored(1, 60),
      await createStored(2, 40),
    ] as const;
    expect(await upkeepWith(100).expireArtifacts()).toEqual({ due: 0, overQuota: 1 });
    await expectKept(jobs[0], false);
    await expectKept(jobs[1], true);
    await expectKept(jobs[2], true);
  });

  test('counts what is due as gone already', async () => {
    const [due, kept] = [await createStored(25, 90), await createStored(1, 90)];
    expect(await upkeepWith(100).expireArtifacts()).toEqual({ due: 1, overQuota: 0 });
    await expectKept(due, false);
    await expectKept(kept, true);
  });

  test('is none by default', async () => {
    const job = await createStored(1, 1_000_000);
    expect(await upkeepWith(null).expireArtifacts()).toEqual({ due: 0, overQuota: 0 });
    await expectKept(job, true);
  });
});

describe('the sweep', () => {
  test('removes what no job names, and what crashed attempts left', async () => {
    const unknown = { jobId: randomUUID(), attempt: 1 };
    await publish(unknown, 10);
    await storage.openWorkFolder({ jobId: randomUUID(), attempt: 1 });
    const expired = await createJob(pool, 'EXPIRED');
    await publish(keyOf(expired), 10);
    const released = await createJob(pool, 'RUNNING');
    await storage.openWorkFolder(keyOf(released));
    await releaseAttempt(pool, keyOf(released));
    await age(11);
    expect(await upkeepWith().sweepLeftovers()).toEqual({ forgottenJobs: 0, files: 4 });
    expect(await leftFiles()).toEqual([]);
  });

  test('removes the work folder of a worker that died just after its success, and not the MP3', async () => {
    const succeeded = await createStored(1);
    await storage.openWorkFolder(keyOf(succeeded));
    await age(11);
    expect(await upkeepWith().sweepLeftovers()).toEqual({ forgottenJobs: 0, files: 1 });
    expect(await readdir(folder.file('work'))).toEqual([]);
    expect(await storage.hasArtifact(keyOf(succeeded))).toBe(true);
  });

  test('removes the pictures of jobs that are no more, and of no other, expired ones included', async () => {
    const expired = await createJob(pool, 'EXPIRED');
    const [gone, young] = [randomUUID(), randomUUID()];
    for (const jobId of [expired.id, gone]) await thumbnails.put(jobId, Buffer.from('picture'));
    const then = new Date(Date.now() - 11 * 60_000);
    for (const jobId of [expired.id, gone]) {
      await utimes(folder.file(`thumbnails/${jobId.slice(-2)}/${jobId}.jpg`), then, then);
    }
    await thumbnails.put(young, Buffer.from('of a job that is being made'));
    expect(await upkeepWith().sweepLeftovers()).toEqual({ forgottenJobs: 0, files: 1 });
    const left = (await thumbnails.list()).map(({ jobId }) => jobId);
    expect(new Set(left)).toEqual(new Set([expired.id, young]));
  });

  test('leaves what is in use, however old', async () => {
    const stored = await createStored(5);
    const running = await createJob(pool, 'RUNNING');
    await storage.openWorkFolder(keyOf(running));
    // Published, and its row does not say so yet.
    const finishing = await createJob(pool, 'RUNNING');
    await publish(keyOf(finishing), 10);
    await age(600);
    expect(await upkeepWith().sweepLeftovers()).toEqual({ forgottenJobs: 0, files: 0 });
    expect(await leftFiles()).toEqual(
      [stored, running, finishing].map(({ id }) => `${id}.1`).toSorted(),
    );
  });

  test('leaves what is young, also without a job', async () => {
    const unknown = { jobId: randomUUID(), attempt: 1 };
    await publish(unknown, 10);
    await age(9);
    expect(await upkeepWith().sweepLeftovers()).toEqual({ forgottenJobs: 0, files: 0 });
    expect(await storage.hasArtifact(unknown)).toBe(true);
  });

  test('hands forgotten jobs to the queue again', async () => {
    const { id } = await createJob(pool, 'QUEUED');
    await pool.query(`delete from graphile_worker._private_jobs`);
    await letTimePass(pool, id, 61);
    expect(await upkeepWith().sweepLeftovers()).toEqual({ forgottenJobs: 1, files: 0 });
    expect(await findQueueJob(pool, id)).not.toBeNull();
  });
});

describe('kept sources', () => {
  /** Kept so many minutes ago. */
  async function keep(source: SourceIdentity, minutesAgo: number, sizeBytes = 10): Promise<void> {
    const audioPath = folder.file('sound');
    await writeFile(audioPath, Buffer.alloc(sizeBytes));
    await storage.sources.keep(source, { audioPath, coverPath: null }, {});
    const then = new Date(Date.now() - minutesAgo * 60_000);
    for (const { path, externalId } of await storage.sources.list()) {
      if (externalId === source.externalId) await utimes(path, then, then);
    }
  }
  const left = async () => (await storage.sources.list()).map(({ externalId }) => externalId);

  test('go when no active job is for them, unless they are young', async () => {
    const [queued, running, failed] = [
      await createJob(pool, 'QUEUED'),
      await createJob(pool, 'RUNNING'),
      await createJob(pool, 'FAILED'),
    ];
    const young = newSource();
    for (const { source } of [queued, running, failed]) await keep(source, 30);
    await keep(young, 5);
    expect(await upkeepWith().trimSources()).toBe(1);
    expect((await left()).toSorted()).toEqual(
      [queued.source, running.source, young].map(({ externalId }) => externalId).toSorted(),
    );
  });

  test('go after a day, whoever waits for them', async () => {
    const { source } = await createJob(pool, 'QUEUED');
    await keep(source, 25 * 60);
    expect(await upkeepWith().trimSources()).toBe(1);
    expect(await left()).toEqual([]);
  });

  test('go beyond their cap, the oldest first', async () => {
    const jobs = [
      await createJob(pool, 'QUEUED'),
      await createJob(pool, 'QUEUED'),
      await createJob(pool, 'QUEUED'),
    ] as const;
    for (const [index, { source }] of jobs.entries()) await keep(source, 60 - index, 400);
    expect(await upkeepWith().trimSources()).toBe(1);
    expect(await left()).toEqual([jobs[1].source.externalId, jobs[2].source.externalId]);
  });
});
