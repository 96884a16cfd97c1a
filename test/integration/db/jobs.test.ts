import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { claimAttempt, recordSource, retryAttemptLater } from '../../../src/db/attempts.ts';
import { readJobEvents } from '../../../src/db/jobEvents.ts';
import {
  countJobsAhead,
  findJobByArtifactToken,
  findNewestJobs,
  findOwnedJobs,
  readWatchedJobs,
} from '../../../src/db/jobs.ts';
import { enterPhase, failAttempt } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { requestJob } from '../../../src/db/requests.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import {
  createJob,
  keyOf,
  letTimePass,
  newRequest,
  queueInOrder,
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

const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

test("only the caller's own jobs are found, what is another's like what never was", async () => {
  const [mine, shared] = [await createJob(pool, 'FAILED'), newRequest()];
  const { id: sharedId } = await createJob(pool, 'RUNNING', shared);
  await requestJob(pool, { ...shared, ownerId: 'bob' });
  const asked = [mine.id, sharedId, randomUUID()];
  expect(new Set(ids(await findOwnedJobs(pool, 'alice', asked)))).toEqual(
    new Set([mine.id, sharedId]),
  );
  expect(ids(await findOwnedJobs(pool, 'bob', asked))).toEqual([sharedId]);
  expect(await findOwnedJobs(pool, 'alice', [])).toEqual([]);
});

test('a watched job comes with everybody who may see it', async () => {
  const request = newRequest();
  const job = await createJob(pool, 'QUEUED', request);
  await requestJob(pool, { ...request, ownerId: 'bob' });
  const [watched, ...more] = await readWatchedJobs(pool, [job.id, randomUUID()]);
  expect(more).toEqual([]);
  expect(watched?.job).toEqual(job);
  expect(new Set(watched?.ownerIds)).toEqual(new Set(['alice', 'bob']));
});

test('the newest jobs come first, the active ones alone when asked so', async () => {
  const jobs = [
    await createJob(pool, 'SUCCEEDED'),
    await createJob(pool, 'QUEUED'),
    await createJob(pool, 'CANCELED'),
    await createJob(pool, 'RUNNING'),
  ];
  // Two may well be made within a millisecond.
  for (const [index, { id }] of jobs.entries()) await letTimePass(pool, id, 10 - index);
  await createJob(pool, 'QUEUED', { ownerId: 'bob' });
  const newestFirst = ids(jobs).toReversed();
  const find = async (activeOnly: boolean, limit: number) =>
    ids(await findNewestJobs(pool, 'alice', { activeOnly, limit }));
  expect(await find(false, 10)).toEqual(newestFirst);
  expect(await find(false, 2)).toEqual(newestFirst.slice(0, 2));
  expect(await find(true, 10)).toEqual([jobs[3]!.id, jobs[1]!.id]);
});

test('an MP3 is found by its token, after its expiry too', async () => {
  const [kept, expired] = [await createJob(pool, 'SUCCEEDED'), await createJob(pool, 'EXPIRED')];
  expect(await findJobByArtifactToken(pool, kept.artifact!.token)).toEqual(kept);
  expect(await findJobByArtifactToken(pool, expired.artifact!.token)).toEqual(expired);
  expect(await findJobByArtifactToken(pool, randomUUID())).toBeNull();
});

test('what the site left out is null, and a job that it said nothing of has no metadata', async () => {
  const job = await createJob(pool, 'RUNNING');
  const nothing = { title: null, uploader: null, durationSeconds: null, thumbnailUrl: null };
  expect((await recordSource(pool, keyOf(job), nothing))?.metadata).toBeNull();
  const titled = { ...nothing, title: 'Song' };
  expect((await recordSource(pool, keyOf(job), titled))?.metadata).toEqual(titled);
});

describe('the place in the queue', () => {
  const aheadOf = async (...jobIds: string[]) => {
    const ahead = await countJobsAhead(pool, jobIds);
    return jobIds.map((jobId) => ahead.get(jobId) ?? null);
  };

  test("counts everybody's jobs before it, and no other", async () => {
    await createJob(pool, 'RUNNING');
    await createJob(pool, 'FAILED');
    const first = await createJob(pool, 'QUEUED', { ownerId: 'bob' });
    const second = await createJob(pool, 'QUEUED');
    const third = await createJob(pool, 'QUEUED');
    await queueInOrder(pool, [first, second, third]);
    expect(await aheadOf(first.id, second.id, third.id)).toEqual([0, 1, 2]);
    await claimAttempt(pool, first.id, 'worker');
    expect(await aheadOf(first.id, second.id, third.id)).toEqual([null, 0, 1]);
  });

  test('of a job that waits for a retry is behind those that may run before it', async () => {
    const retried = await createJob(pool, 'RUNNING');
    await retryAttemptLater(pool, keyOf(retried), 'NETWORK', 60);
    const fresh = await createJob(pool, 'QUEUED');
    expect(await aheadOf(retried.id, fresh.id)).toEqual([1, 0]);
  });

  test('of jobs that have one place goes by id, and each place is there once', async () => {
    for (let count = 0; count < 5; count += 1) await createJob(pool, 'QUEUED');
    const { rows } = await pool.query<{ id: string }>(
      `with due as (update tapedeck.jobs set place = 7 returning id) select id from due order by id`,
    );
    expect(await aheadOf(...ids(rows))).toEqual([0, 1, 2, 3, 4]);
  });

  test('does not exist of a job that is not queued', async () => {
    const { id } = await createJob(pool, 'RUNNING');
    expect(await aheadOf(id, randomUUID())).toEqual([null, null]);
  });
});

describe('the story of a job', () => {
  test('has one line for each change of status, phase or attempt, and none for progress', async () => {
    const job = await createJob(pool, 'RUNNING');
    const key = keyOf(job);
    await enterPhase(pool, key, 'DOWNLOADING', 0.05);
    await enterPhase(pool, key, 'DOWNLOADING', 0.1);
    await retryAttemptLater(pool, key, 'NETWORK', 0);
    const second = (await claimAttempt(pool, job.id, 'worker'))!;
    await failAttempt(pool, keyOf(second), 'PRIVATE');
    const story = (await readJobEvents(pool, [job.id], 200)).get(job.id)!;
    const told = story.map(({ status, phase, attempt, failureCode }) =>
      [status, phase, attempt, failureCode].filter((word) => word !== null).join(' '),
    );
    expect(told).toEqual([
      'QUEUED 0',
      'RUNNING RESOLVING 1',
      'RUNNING DOWNLOADING 1',
      'QUEUED 1 NETWORK',
      'RUNNING RESOLVING 2 NETWORK',
      'FAILED 2 PRIVATE',
    ]);
    const instants = story.map(({ at }) => at.getTime());
    expect(instants.toSorted((a, b) => a - b)).toEqual(instants);
  });

  test('is cut at its beginning when it is long', async () => {
    const { id } = await createJob(pool, 'CANCELED');
    const other = await createJob(pool, 'QUEUED');
    const stories = await readJobEvents(pool, [id, other.id, randomUUID()], 1);
    expect(stories.get(id)?.map(({ status }) => status)).toEqual(['CANCELED']);
    expect(stories.get(other.id)?.map(({ status }) => status)).toEqual(['QUEUED']);
    expect(stories.size).toBe(2);
  });

  test('goes with the job', async () => {
    const { id } = await createJob(pool, 'FAILED');
    await pool.query(`delete from tapedeck.jobs where id = $1`, [id]);
    expect(await readJobEvents(pool, [id], 200)).toEqual(new Map());
  });
});
