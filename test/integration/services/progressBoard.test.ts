import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cancelJob } from '../../../src/db/actions.ts';
import { claimAttempt, enterPhase, releaseAttempt } from '../../../src/db/attempts.ts';
import type { AttemptKey } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import type { Job } from '../../../src/domain/job.ts';
import { createProgressBoard } from '../../../src/services/progressBoard.ts';
import type { PhaseProgress, ProgressBoard } from '../../../src/services/progressBoard.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openLink } from '../../support/databaseLink.ts';
import type { DatabaseLink } from '../../support/databaseLink.ts';
import { eventually } from '../../support/eventually.ts';
import { inTurns } from '../../support/inTurns.ts';
import { createJob, keyOf, readJob } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

let link: DatabaseLink;
let board: ProgressBoard;
let lost: AttemptKey[];
/** How often the board has looked at what its worker still holds, so far and when it first told a loss. */
let looks: number;
let looksAtLoss: number | null;
let errors: unknown[];
beforeEach(async () => {
  [lost, errors, looks, looksAtLoss] = [[], [], 0, null];
  link = await openLink(database);
  board = createProgressBoard({
    pool: countingLooks(link.pool),
    onLost(key) {
      looksAtLoss ??= looks;
      lost.push(key);
    },
    onError: (error) => errors.push(error),
  });
});
afterEach(async () => {
  await board[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
});

function countingLooks(counted: Database): Database {
  return new Proxy(counted, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return (text: string, values: unknown[]) => {
        if (text.includes('readHeldAttempts')) looks += 1;
        return target.query(text, values);
      };
    },
  });
}

/** A running job on the board. */
async function start(): Promise<Job> {
  const job = await createJob(pool, 'RUNNING');
  board.add(keyOf(job), 'worker');
  return job;
}

async function enter(job: Job, phase: 'DOWNLOADING' | 'TRANSCODING', fraction: number) {
  board.enter(keyOf(job), phase);
  await enterPhase(pool, keyOf(job), phase, fraction);
}

function progressOf(fraction: number | null, changes: Partial<PhaseProgress> = {}): PhaseProgress {
  const unknown = { bytesDone: null, bytesTotal: null, bytesPerSecond: null, etaSeconds: null };
  return { fraction, ...unknown, ...changes };
}

/** Reports without a pause until the row has been written `writes` times; answers each version's fraction. */
async function reportUntil(
  job: Job,
  writes: number,
  report: (nth: number) => PhaseProgress,
): Promise<{ fractions: number[]; seconds: number }> {
  const { version } = await readJob(pool, job.id);
  const seen = new Map<number, number>();
  const startedAt = performance.now();
  let nth = 0;
  await eventually(`${writes} writes`, async () => {
    board.report(keyOf(job), 'DOWNLOADING', report((nth += 1)));
    const now = await readJob(pool, job.id);
    seen.set(now.version, now.progress.fraction);
    return now.version >= version + writes;
  });
  return { fractions: [...seen.values()], seconds: (performance.now() - startedAt) / 1_000 };
}

describe('what is written', () => {
  test('is at most two a second while the bar hardly moves', async () => {
    const job = await start();
    await enter(job, 'DOWNLOADING', 0.05);
    const { seconds } = await reportUntil(job, 4, (nth) =>
      progressOf(nth * 1e-5, { bytesDone: nth }),
    );
    // The first at once, then three pauses.
    expect(seconds).toBeGreaterThan(1.4);
  });

  test('is each hundredth of the bar when it moves fast', async () => {
    const job = await start();
    await enter(job, 'DOWNLOADING', 0.05);
    await reportUntil(job, 1, () => progressOf(0.01));
    // Each report moves the whole bar by 1.125 %: a write comes with every second one at the soonest.
    const { fractions, seconds } = await reportUntil(job, 5, (nth) => progressOf(0.01 + nth / 80));
    const steps = fractions.slice(1).map((fraction, index) => fraction - fractions[index]!);
    expect(Math.min(...steps)).toBeGreaterThan(0.0099);
    expect(seconds).toBeLessThan(2.4);
  });

  test('is the newest report alone', async () => {
    const job = await start();
    await enter(job, 'DOWNLOADING', 0.05);
    for (let bytesDone = 1; bytesDone <= 1_000; bytesDone += 1) {
      board.report(keyOf(job), 'DOWNLOADING', progressOf(bytesDone / 1_000, { bytesDone }));
    }
    const written = await eventually('the write', async () => {
      const now = await readJob(pool, job.id);
      return now.progress.bytesDone === null ? null : now;
    });
    expect(written).toMatchObject({
      version: job.version + 2,
      progress: { bytesDone: 1_000, fraction: 0.95 },
    });
  });

  test('never lets the bar fall, whatever the tool says', async () => {
    const job = await start();
    await enter(job, 'DOWNLOADING', 0.05);
    const { fractions } = await reportUntil(job, 3, (nth) =>
      progressOf(nth % 3 === 0 ? 0.1 : 0.5, { bytesDone: nth }),
    );
    expect(fractions.toSorted((a, b) => a - b)).toEqual(fractions);
  });

  test('is nothing of a phase that is over', async () => {
    const job = await start();
    await enter(job, 'DOWNLOADING', 0.05);
    board.report(keyOf(job), 'DOWNLOADING', progressOf(1));
    await enter(job, 'TRANSCODING', 0.5);
    const entered = await readJob(pool, job.id);
    board.report(keyOf(job), 'TRANSCODING', progressOf(0.75));
    const after = await eventually('the next write', async () => {
      const now = await readJob(pool, job.id);
      return now.version > entered.version ? now : null;
    });
    expect(after.progress).toMatchObject({ phase: 'TRANSCODING', fraction: 0.725 });
    expect(after.version).toBe(entered.version + 1);
  });

  test('fits the columns, whatever the tool estimates: it is one statement for all attempts', async () => {
    const [job, other] = [await start(), await start()];
    const wild = { bytesDone: 10.4, bytesTotal: 1e300, bytesPerSecond: 0.5, etaSeconds: 1e12 };
    board.report(keyOf(job), 'RESOLVING', progressOf(1, wild));
    board.report(keyOf(other), 'RESOLVING', progressOf(1, { bytesDone: 7 }));
    await eventually('both writes', async () => {
      const versions = await Promise.all([job, other].map(({ id }) => readJob(pool, id)));
      return versions.every(({ version }) => version > 2);
    });
    expect((await readJob(pool, job.id)).progress).toMatchObject({
      ...{ bytesDone: 10, bytesTotal: Number.MAX_SAFE_INTEGER, etaSeconds: 2 ** 31 - 1 },
    });
    expect(errors).toEqual([]);
  });

  test('is nothing of an attempt that was taken off', async () => {
    const [job, other] = [await start(), await start()];
    board.report(keyOf(job), 'RESOLVING', progressOf(1));
    board.remove(keyOf(job));
    board.report(keyOf(job), 'RESOLVING', progressOf(1));
    board.report(keyOf(other), 'RESOLVING', progressOf(1));
    await eventually("the other's write", async () => (await readJob(pool, other.id)).version > 2);
    expect(await readJob(pool, job.id)).toEqual(job);
  });
});

describe('an attempt that is no longer ours', () => {
  test.each([
    ['canceled', (job: Job) => cancelJob(pool, 'alice', job.id)],
    ['handed back', (job: Job) => releaseAttempt(pool, keyOf(job))],
    [
      'given to another worker',
      async (job: Job) => {
        await releaseAttempt(pool, keyOf(job));
        await claimAttempt(pool, job.id, 'another');
      },
    ],
  ])('is noticed by the next look when it was %s', async (_, takeAway) => {
    const [job, kept] = [await start(), await start()];
    await takeAway(job);
    const looksBefore = looks;
    await eventually('the loss', () => lost.length > 0);
    expect(looksAtLoss! - looksBefore).toBeLessThanOrEqual(1);
    expect(lost).toContainEqual(keyOf(job));
    expect(lost).not.toContainEqual(keyOf(kept));
  });

  test('is told apart among many', async () => {
    const jobs = await inTurns(40, start);
    const canceled = jobs.filter((_, index) => index % 8 === 0).map(keyOf);
    for (const { jobId } of canceled) await cancelJob(pool, 'alice', jobId);
    await eventually('every loss', () => lost.length >= canceled.length);
    expect(new Set(lost.map(({ jobId }) => jobId))).toEqual(
      new Set(canceled.map(({ jobId }) => jobId)),
    );
  });
});

test('an outage loses reports, but no attempt, and the next report is written', async () => {
  const job = await start();
  link.cut();
  board.report(keyOf(job), 'RESOLVING', progressOf(0.5, { bytesDone: 1 }));
  await eventually('a failed flush and a failed check', () => errors.length >= 2);
  expect(lost).toEqual([]);
  link.mend();
  await eventually('a report to be written', async () => {
    board.report(keyOf(job), 'RESOLVING', progressOf(1, { bytesDone: 2 }));
    return (await readJob(pool, job.id)).progress.bytesDone === 2;
  });
  expect(lost).toEqual([]);
});
