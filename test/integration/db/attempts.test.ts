import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cancelJob } from '../../../src/db/actions.ts';
import {
  claimAttempt,
  enterPhase,
  failAttempt,
  finishAttempt,
  recordSource,
  releaseAttempt,
  retryAttemptLater,
} from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { readHeldAttempts } from '../../../src/db/progress.ts';
import { nextAttemptAt } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { inTurns } from '../../support/inTurns.ts';
import {
  createJob,
  findQueueJob,
  keyOf,
  lockQueueJob,
  newArtifact,
  readJob,
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

const source = {
  title: 'Never Gonna Give You Up',
  uploader: 'Rick Astley',
  durationSeconds: 213.5,
  thumbnailUrl: 'https://example.com/cover.jpg',
};

describe('a claim', () => {
  test('starts the first attempt, from nothing', async () => {
    const queued = await createJob(pool, 'QUEUED');
    const job = await claimAttempt(pool, queued.id, 'worker');
    expect(job).toMatchObject({ status: 'RUNNING', attempt: 1, version: queued.version + 1 });
    expect(job?.progress).toMatchObject({ phase: 'RESOLVING', fraction: 0, bytesDone: null });
    expect(job?.startedAt?.getTime()).toBeGreaterThanOrEqual(queued.runAt.getTime());
  });

  test('of two workers is won by one', async () => {
    await inTurns(50, async () => {
      const { id } = await createJob(pool, 'QUEUED');
      const claims = await Promise.all(['a', 'b', 'c'].map((name) => claimAttempt(pool, id, name)));
      expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
      expect(await readJob(pool, id)).toMatchObject({ attempt: 1, version: 2 });
    });
  });

  test('keeps the cause of the failed attempt before it, and none of its progress', async () => {
    const first = await createJob(pool, 'RUNNING');
    await enterPhase(pool, keyOf(first), 'TRANSCODING', 0.5);
    await retryAttemptLater(pool, keyOf(first), 'NETWORK', 0);
    const second = await claimAttempt(pool, first.id, 'worker');
    expect(second).toMatchObject({
      attempt: 2,
      failure: { code: 'NETWORK' },
      progress: { phase: 'RESOLVING', fraction: 0 },
    });
  });
});

describe('a held attempt', () => {
  test('records what the site says', async () => {
    const job = await createJob(pool, 'RUNNING');
    expect(await recordSource(pool, keyOf(job), source)).toMatchObject({ metadata: source });
  });

  test('finishes with its MP3, and with no failure left from before', async () => {
    const first = await createJob(pool, 'RUNNING');
    await retryAttemptLater(pool, keyOf(first), 'NETWORK', 0);
    const second = await claimAttempt(pool, first.id, 'worker');
    const artifact = newArtifact({ sizeBytes: 5_000_000_000 });
    const done = (await finishAttempt(pool, keyOf(second!), artifact, 0.5))!;
    expect(done).toMatchObject({ status: 'SUCCEEDED', artifact, failure: null });
    expect(done.progress).toMatchObject({ phase: null, fraction: 1, etaSeconds: null });
    expect(done.expiresAt!.getTime() - done.finishedAt!.getTime()).toBe(1_800_000);
  });

  test('fails for good with its cause', async () => {
    const job = await createJob(pool, 'RUNNING');
    const failed = await failAttempt(pool, keyOf(job), 'PRIVATE');
    expect(failed).toMatchObject({ status: 'FAILED', failure: { code: 'PRIVATE' } });
    expect(failed?.failure?.occurredAt).toEqual(failed?.finishedAt);
  });

  test("is its worker's until it ends", async () => {
    const job = await createJob(pool, 'RUNNING', { workerId: 'holder' });
    expect(await readHeldAttempts(pool, 'holder')).toEqual([keyOf(job)]);
    await failAttempt(pool, keyOf(job), 'PRIVATE');
    expect(await readHeldAttempts(pool, 'holder')).toEqual([]);
  });
});

describe('an attempt that failed and is retried', () => {
  test('waits as long as it was told, row and queue job to the same millisecond', async () => {
    const job = await createJob(pool, 'RUNNING');
    const waiting = (await retryAttemptLater(pool, keyOf(job), 'RATE_LIMITED', 61.237))!;
    expect(waiting).toMatchObject({ status: 'QUEUED', failure: { code: 'RATE_LIMITED' } });
    const waitMs = waiting.runAt.getTime() - waiting.failure!.occurredAt.getTime();
    expect(waitMs).toBeGreaterThanOrEqual(61_236);
    expect(waitMs).toBeLessThanOrEqual(61_238);
    expect((await findQueueJob(pool, job.id))?.run_at).toEqual(waiting.runAt);
    expect(nextAttemptAt(waiting)).toEqual(waiting.runAt);
  });

  test('is delivered anew while its first delivery is still locked by the worker', async () => {
    const job = await createJob(pool, 'RUNNING');
    await lockQueueJob(pool, job.id, 'worker');
    const before = await findQueueJob(pool, job.id);
    await retryAttemptLater(pool, keyOf(job), 'NETWORK', 5);
    const after = await findQueueJob(pool, job.id);
    expect(after).toMatchObject({ locked_by: null, attempts: 0 });
    expect(after?.id).not.toBe(before?.id);
  });
});

describe('an attempt that is handed back', () => {
  test('does not count, and may run again at once', async () => {
    const job = await createJob(pool, 'RUNNING');
    const released = (await releaseAttempt(pool, keyOf(job)))!;
    expect(released).toMatchObject({
      status: 'QUEUED',
      failure: null,
      attempt: 1,
      maxAttempts: job.maxAttempts + 1,
    });
    expect(released.maxAttempts - released.attempt).toBe(job.maxAttempts - job.attempt + 1);
    expect(nextAttemptAt(released)).toBeNull();
    expect((await findQueueJob(pool, job.id))?.is_in_place).toBe(true);
  });

  test('can be handed back for ever', async () => {
    const { id, maxAttempts } = await createJob(pool, 'QUEUED', { maxAttempts: 1 });
    for (let round = 1; round <= 10; round += 1) {
      const job = (await claimAttempt(pool, id, 'worker'))!;
      expect(job.attempt).toBe(round);
      await releaseAttempt(pool, keyOf(job));
    }
    const { attempt, maxAttempts: allowed } = await readJob(pool, id);
    expect(allowed - attempt).toBe(maxAttempts);
  });
});

test('a job that is canceled while it finishes is in one terminal state, and the loser is told', async () => {
  const winners = await inTurns(500, async (turn) => {
    const job = await createJob(pool, 'RUNNING');
    const finish = async () => {
      // Canceling takes a few round trips more: each gets its chance.
      for (let trip = 0; trip < turn % 4; trip += 1) await pool.query('select');
      return finishAttempt(pool, keyOf(job), newArtifact(), 24);
    };
    const [finished, canceled] = await Promise.all([finish(), cancelJob(pool, 'alice', job.id)]);
    const { status, version } = await readJob(pool, job.id);
    expect(version).toBe(job.version + 1);
    expect({ status, finished: finished?.status ?? null, canceled: canceled.kind }).toEqual(
      finished === null
        ? { status: 'CANCELED', finished: null, canceled: 'CANCELED' }
        : { status: 'SUCCEEDED', finished: 'SUCCEEDED', canceled: 'ALREADY_TERMINAL' },
    );
    return status;
  });
  // Else it was no race.
  expect(new Set(winners).size).toBe(2);
});
