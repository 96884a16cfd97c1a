// All at once: each pulse takes seconds to show what it does, and none of them minds the others.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AttemptKey } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { beatWorker } from '../../../src/db/workers.ts';
import { startWorkerPulse, workerLostAfterSeconds } from '../../../src/services/workerPulse.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openLink } from '../../support/databaseLink.ts';
import { eventually } from '../../support/eventually.ts';
import { createJob, findQueueJob, keyOf, readJob } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

async function isOnRecord(workerId: string): Promise<boolean> {
  const { rows } = await pool.query(`select from tapedeck.workers where id = $1`, [workerId]);
  return rows.length === 1;
}

function pulseOptions(id: string) {
  return {
    ...{ pool, beatPool: pool },
    worker: { id, slots: 2 },
    isRunning: () => true,
    onRescue: () => {},
    onCutOff: () => {},
    onError: (error: unknown) => {
      throw error;
    },
  };
}

test.concurrent(
  'a worker is on record as soon as its pulse has started, and off it when it stops',
  async () => {
    {
      await using _ = await startWorkerPulse(pulseOptions('brief'));
      expect(await isOnRecord('brief')).toBe(true);
    }
    expect(await isOnRecord('brief')).toBe(false);
  },
);

test.concurrent('a worker that cannot be put on record does not start', async () => {
  await using link = await openLink(database);
  link.cut();
  const starting = startWorkerPulse({ ...pulseOptions('cut off'), beatPool: link.pool });
  await expect(starting).rejects.toThrow(/EPIPE|ECONNRESET|Connection terminated/);
  expect(await isOnRecord('cut off')).toBe(false);
});

test.concurrent(
  'an attempt that is held and that nobody runs is handed back; those that run are kept',
  async () => {
    const stray = await createJob(pool, 'RUNNING', { workerId: 'holder' });
    const kept = await createJob(pool, 'RUNNING', { workerId: 'holder' });
    const foreign = await createJob(pool, 'RUNNING', { workerId: 'other' });
    const isRunning = ({ jobId }: AttemptKey) => jobId === kept.id;
    {
      await using _ = await startWorkerPulse({ ...pulseOptions('holder'), isRunning });
      await eventually('the hand-back', async () => {
        return (await readJob(pool, stray.id)).status === 'QUEUED';
      });
    }
    expect(await readJob(pool, stray.id)).toMatchObject({ failure: null, maxAttempts: 6 });
    expect(await findQueueJob(pool, stray.id)).toMatchObject({ locked_by: null });
    expect(await readJob(pool, kept.id)).toEqual(kept);
    expect(await readJob(pool, foreign.id)).toEqual(foreign);
  },
);

test.concurrent('an attempt between its claim and its task is not taken for a stray', async () => {
  const job = await createJob(pool, 'RUNNING', { workerId: 'busy' });
  let looks = 0;
  // Only the first look comes too early.
  const isRunning = () => (looks += 1) > 1;
  {
    await using _ = await startWorkerPulse({ ...pulseOptions('busy'), isRunning });
    await eventually('four looks', () => looks >= 4);
  }
  expect(await readJob(pool, job.id)).toEqual(job);
});

test.concurrent(
  'a worker that is out of touch for too long is told so, and until then is not',
  async () => {
    await using link = await openLink(database);
    let cutOffs = 0;
    const errors: unknown[] = [];
    await using _ = await startWorkerPulse({
      ...pulseOptions('out of touch'),
      beatPool: link.pool,
      cutOffAfterMs: 3_000,
      onCutOff: () => (cutOffs += 1),
      onError: (error) => errors.push(error),
    });
    link.cut();
    await eventually('a beat that failed', () => errors.length > 0);
    expect(cutOffs).toBe(0);
    await eventually('the cut-off', () => cutOffs > 0);
    link.mend();
    await eventually('to be back on record', () => isOnRecord('out of touch'));
  },
);

test.concurrent('what holds up the look after others does not hold up the beat', async () => {
  const locker = await pool.connect();
  await locker.query('begin');
  const stray = await createJob(pool, 'RUNNING', { workerId: 'held up' });
  await locker.query('select from tapedeck.jobs where id = $1 for update', [stray.id]);
  let beats = 0;
  {
    await using _ = await startWorkerPulse({
      ...pulseOptions('held up'),
      isRunning: () => false,
      onBeat: () => (beats += 1),
    });
    await eventually('its hand-back to wait for the row', async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%releaseAttempt%'`,
      );
      return rowCount === 1;
    });
    const before = beats;
    await eventually('three more beats', () => beats >= before + 3);
    await locker.query('rollback');
  }
  locker.release();
});

test.concurrent(
  'the dead are judged only after 7 s of touch with the database, and an outage starts that anew',
  async () => {
    await using link = await openLink(database);
    const dead = await createJob(pool, 'RUNNING', { workerId: 'dead' });
    const own = await createJob(pool, 'RUNNING', { workerId: 'judge' });
    const errors: unknown[] = [];
    const rescued: AttemptKey[] = [];
    await beatWorker(pool, { id: 'dead', slots: 1 });
    await pool.query(
      `update tapedeck.workers set seen_at = now() - interval '1 hour' where id = 'dead'`,
    );

    await using _ = await startWorkerPulse({
      ...pulseOptions('judge'),
      ...{ pool: link.pool, beatPool: link.pool },
      onRescue: (attempts) => rescued.push(...attempts),
      onError: (error) => errors.push(error),
    });
    link.cut();
    await eventually('a beat that failed', () => errors.length > 0);
    const mendedAt = performance.now();
    link.mend();
    await eventually('the rescue', () => rescued.length > 0, { timeoutMs: 60_000 });
    expect(performance.now() - mendedAt).toBeGreaterThan((workerLostAfterSeconds + 2) * 1_000);
    expect(rescued).toContainEqual(expect.objectContaining(keyOf(dead)));
    expect(await readJob(pool, dead.id)).toMatchObject({
      status: 'QUEUED',
      failure: { code: 'WORKER_LOST' },
    });
    // Its own beats count as well.
    expect(await readJob(pool, own.id)).toEqual(own);
  },
);
