import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cancelJob } from '../../../src/db/actions.ts';
import type { Database } from '../../../src/db/pool.ts';
import { rescueLostAttempts } from '../../../src/db/workers.ts';
import { AttemptLost, WorkerStopping } from '../../../src/services/attempt.ts';
import { createAttempts } from '../../../src/services/attempts.ts';
import type { ClaimedAttempt } from '../../../src/services/attempt.ts';
import type { Attempts } from '../../../src/services/attempts.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openLink } from '../../support/databaseLink.ts';
import type { DatabaseLink } from '../../support/databaseLink.ts';
import { eventually } from '../../support/eventually.ts';
import { createJob, newArtifact, newRequest, readJob } from '../../support/jobs.ts';

let database: TestDatabase;
/** To look at the database while the link of the attempts is down. */
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

let link: DatabaseLink;
let attempts: Attempts;
let errors: unknown[];
beforeEach(async () => {
  errors = [];
  link = await openLink(database);
  attempts = createAttempts({
    pool: link.pool,
    retentionHours: 24,
    onError: (error) => errors.push(error),
  });
});
afterEach(async () => {
  await attempts[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
});

async function claim(changes: { maxAttempts?: number } = {}): Promise<ClaimedAttempt> {
  const { id } = await createJob(pool, 'QUEUED', newRequest(changes));
  return (await attempts.claim(id, 'worker'))!;
}

const source = { title: 'A', uploader: 'B', durationSeconds: 1, thumbnailUrl: null };

describe('an attempt', () => {
  test('passes through its phases to its MP3', async () => {
    using attempt = await claim();
    const artifact = newArtifact();
    await attempt.describe(source);
    await attempt.enter('DOWNLOADING');
    expect((await readJob(pool, attempt.key.jobId)).progress).toMatchObject({
      ...{ phase: 'DOWNLOADING', fraction: 0.05 },
    });
    await attempt.finish(artifact);
    expect(await readJob(pool, attempt.key.jobId)).toMatchObject({
      ...{ status: 'SUCCEEDED', metadata: source, artifact },
    });
  });

  test('is running until it is disposed', async () => {
    let key;
    {
      using attempt = await claim();
      key = attempt.key;
      expect(attempts.isRunning(key)).toBe(true);
      expect(attempts.isRunning({ ...key, attempt: 2 })).toBe(false);
    }
    expect(attempts.isRunning(key)).toBe(false);
  });

  test('is not claimed from a job that has ended', async () => {
    const { id } = await createJob(pool, 'CANCELED');
    expect(await attempts.claim(id, 'worker')).toBeNull();
  });

  test('that failed for a passing cause says when the next one starts', async () => {
    using attempt = await claim();
    const nextAt = await attempt.fail('NETWORK');
    const job = await readJob(pool, attempt.key.jobId);
    expect(job).toMatchObject({ status: 'QUEUED', runAt: nextAt, failure: { code: 'NETWORK' } });
    const waitSeconds = (nextAt!.getTime() - job.failure!.occurredAt.getTime()) / 1_000;
    expect(waitSeconds).toBeGreaterThanOrEqual(3.75);
    expect(waitSeconds).toBeLessThanOrEqual(6.25);
  });

  test.each([
    ['for a permanent cause', 'PRIVATE', 5],
    ['as the last one', 'NETWORK', 1],
  ] as const)('that failed %s ends the job', async (_, code, maxAttempts) => {
    using attempt = await claim({ maxAttempts });
    expect(await attempt.fail(code)).toBeNull();
    expect(await readJob(pool, attempt.key.jobId)).toMatchObject({
      status: 'FAILED',
      failure: { code },
    });
  });
});

describe('a lost attempt', () => {
  const writes: [string, (attempt: ClaimedAttempt) => Promise<unknown>][] = [
    ['enter', (attempt) => attempt.enter('TAGGING')],
    ['describe', (attempt) => attempt.describe(source)],
    ['finish', (attempt) => attempt.finish(newArtifact())],
    ['fail', (attempt) => attempt.fail('INTERNAL')],
    ['release', (attempt) => attempt.release()],
  ];

  test.each(writes)('throws AttemptLost on %s, and is aborted', async (_, write) => {
    using attempt = await claim();
    await cancelJob(pool, 'alice', attempt.key.jobId);
    await expect(write(attempt)).rejects.toBeInstanceOf(AttemptLost);
    expect(attempt.signal.reason).toBeInstanceOf(AttemptLost);
    expect((await readJob(pool, attempt.key.jobId)).status).toBe('CANCELED');
  });

  test('is aborted, also when it writes nothing', async () => {
    using attempt = await claim();
    await cancelJob(pool, 'alice', attempt.key.jobId);
    await eventually('the abort', () => attempt.signal.aborted);
    expect(attempt.signal.reason).toBeInstanceOf(AttemptLost);
  });

  test('does not drag the next attempt of its job along, even in the same process', async () => {
    using first = await claim();
    // Nobody has put this worker on record.
    await rescueLostAttempts(pool, 6);
    using second = (await attempts.claim(first.key.jobId, 'worker'))!;
    await eventually('the abort', () => first.signal.aborted);
    await second.enter('DOWNLOADING');
    expect(second.signal.aborted).toBe(false);
    first[Symbol.dispose]();
    expect(attempts.isRunning(second.key)).toBe(true);
  });
});

describe('a worker that stops', () => {
  const seconds = (etaSeconds: number) => ({
    ...{ fraction: 0.5, bytesDone: null, bytesTotal: null, bytesPerSecond: null, etaSeconds },
  });

  test('aborts what it runs, and each attempt is handed back', async () => {
    using attempt = await claim();
    attempt.report(seconds(60));
    attempts.stop();
    expect(attempt.signal.reason).toBeInstanceOf(WorkerStopping);
    await attempt.release();
    expect(await readJob(pool, attempt.key.jobId)).toMatchObject({
      ...{ status: 'QUEUED', failure: null, maxAttempts: 6 },
    });
  });

  test('aborts an attempt that it was about to claim', async () => {
    const { id } = await createJob(pool, 'QUEUED');
    const claiming = attempts.claim(id, 'worker');
    attempts.stop();
    using attempt = (await claiming)!;
    expect(attempt.signal.reason).toBeInstanceOf(WorkerStopping);
  });

  test('claims nothing any more, and leaves the job to others', async () => {
    const job = await createJob(pool, 'QUEUED');
    attempts.stop();
    await expect(attempts.claim(job.id, 'worker')).rejects.toBeInstanceOf(WorkerStopping);
    expect(await readJob(pool, job.id)).toEqual(job);
  });

  test('keeps on trying for seconds to hand an attempt back to a database that is away', async () => {
    using attempt = await claim();
    attempts.stop();
    link.cut();
    const released = attempt.release();
    await eventually('a failed try', () => errors.length > 0);
    link.mend();
    await released;
    expect((await readJob(pool, attempt.key.jobId)).status).toBe('QUEUED');
  });

  test('lets what ends within seconds end, and hands back what takes longer', async () => {
    using short = await claim();
    using long = await claim();
    using last = await claim();
    await short.enter('TRANSCODING');
    await long.enter('TRANSCODING');
    await last.enter('STORING');
    short.report(seconds(2));
    long.report(seconds(60));
    attempts.stop();
    expect(long.signal.reason).toBeInstanceOf(WorkerStopping);
    for (const { signal } of [short, last]) expect(signal.aborted).toBe(false);
    await short.finish(newArtifact());
    expect((await readJob(pool, short.key.jobId)).status).toBe('SUCCEEDED');
  });

  test('gives what has just begun seconds to say how long it takes', async () => {
    using short = await claim();
    using long = await claim();
    using silent = await claim();
    attempts.stop();
    for (const { signal } of [short, long, silent]) expect(signal.aborted).toBe(false);
    short.report(seconds(2));
    long.report(seconds(60));
    for (const each of [long, silent]) {
      await eventually('the abort', () => {
        if (!short.signal.aborted) short.report(seconds(2));
        return each.signal.aborted;
      });
      expect(each.signal.reason).toBeInstanceOf(WorkerStopping);
      expect(short.signal.aborted).toBe(false);
    }
  });

  test('does not wait for what has stopped to move', async () => {
    using attempt = await claim();
    attempt.report(seconds(2));
    attempts.stop();
    expect(attempt.signal.aborted).toBe(false);
    await eventually('the abort', () => attempt.signal.aborted);
    expect(attempt.signal.reason).toBeInstanceOf(WorkerStopping);
  });
});

test('what is abandoned is lost, and its last write is in vain once others have it', async () => {
  using attempt = await claim();
  attempts.abandon();
  expect(attempt.signal.reason).toBeInstanceOf(AttemptLost);
  // No worker is on record.
  await rescueLostAttempts(pool, 5);
  await expect(attempt.finish(newArtifact())).rejects.toBeInstanceOf(AttemptLost);
});
