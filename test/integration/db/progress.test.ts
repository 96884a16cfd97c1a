import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { enterPhase, failAttempt } from '../../../src/db/attempts.ts';
import type { AttemptKey } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { writeProgress } from '../../../src/db/progress.ts';
import type { AttemptProgress } from '../../../src/db/progress.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { inTurns } from '../../support/inTurns.ts';
import { createJob, keyOf, readJob } from '../../support/jobs.ts';
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

function progressOf(key: AttemptKey, changes: Partial<AttemptProgress> = {}): AttemptProgress {
  return {
    ...key,
    phase: 'RESOLVING',
    fraction: 0.02,
    bytesDone: 10,
    bytesTotal: 5_000_000_000,
    bytesPerSecond: 1.5,
    etaSeconds: 9,
    ...changes,
  };
}

describe('progress', () => {
  test('is written as it is reported', async () => {
    const job = await createJob(pool, 'RUNNING');
    await writeProgress(pool, [progressOf(keyOf(job))]);
    expect(await readJob(pool, job.id)).toMatchObject({
      version: job.version + 1,
      progress: {
        ...{ phase: 'RESOLVING', fraction: 0.02, bytesDone: 10, bytesTotal: 5_000_000_000 },
        ...{ bytesPerSecond: 1.5, etaSeconds: 9 },
      },
    });
  });

  test('never lets the bar fall within an attempt', async () => {
    const job = await createJob(pool, 'RUNNING');
    const key = keyOf(job);
    const reports = [0.3, 0.1, 0.31, 0, 0.31];
    const seen: number[] = [];
    for (const fraction of reports) {
      await writeProgress(pool, [progressOf(key, { fraction })]);
      seen.push((await readJob(pool, job.id)).progress.fraction);
    }
    await enterPhase(pool, key, 'DOWNLOADING', 0.05);
    seen.push((await readJob(pool, job.id)).progress.fraction);
    expect(seen).toEqual([0.3, 0.3, 0.31, 0.31, 0.31, 0.31]);
  });

  test('of the phase before is void in the next, except for the bar', async () => {
    const job = await createJob(pool, 'RUNNING');
    await writeProgress(pool, [progressOf(keyOf(job), { fraction: 0.3 })]);
    expect((await enterPhase(pool, keyOf(job), 'TAGGING', 0.2))?.progress).toMatchObject({
      ...{ phase: 'TAGGING', fraction: 0.3 },
      ...{ bytesDone: null, bytesTotal: null, bytesPerSecond: null, etaSeconds: null },
    });
  });

  test('of a phase that is over is not written', async () => {
    const job = await createJob(pool, 'RUNNING');
    const entered = await enterPhase(pool, keyOf(job), 'DOWNLOADING', 0.05);
    await writeProgress(pool, [progressOf(keyOf(job), { phase: 'RESOLVING' })]);
    expect(await readJob(pool, job.id)).toEqual(entered);
  });

  test('of many attempts is one write each, and each is announced once', async () => {
    const jobs = await inTurns(450, () => createJob(pool, 'RUNNING'));
    const lost = jobs[7]!;
    await failAttempt(pool, keyOf(lost), 'PRIVATE');
    await using listener = await listen(database);
    await writeProgress(
      pool,
      jobs.map((job) => progressOf(keyOf(job))),
    );
    const held = jobs.filter((job) => job !== lost).map(({ id }) => id);
    expect((await listener.heard()).toSorted()).toEqual(held.toSorted());
    const { rows } = await pool.query(
      `select count(*)::integer as written from tapedeck.jobs
       where id = any($1) and version = 3 and fraction > 0`,
      [held],
    );
    expect(rows).toEqual([{ written: held.length }]);
  });

  test('of no attempt at all is no fault', async () => {
    await expect(writeProgress(pool, [])).resolves.toBeUndefined();
  });
});
