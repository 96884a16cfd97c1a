// A site that refuses us again and again: its jobs wait, one probes, and all go on when it is served.

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cancelJob } from '../../../src/db/actions.ts';
import type { Database } from '../../../src/db/pool.ts';
import { readQueueStats } from '../../../src/db/queueStats.ts';
import type { JobFailureCode } from '../../../src/domain/failure.ts';
import type { Job } from '../../../src/domain/job.ts';
import { createAttempts } from '../../../src/services/attempts.ts';
import type { Attempts } from '../../../src/services/attempts.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import {
  createJob,
  findQueueJob,
  newArtifact,
  newSource,
  readJob,
  removeAllJobs,
} from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
let attempts: Attempts;
const told: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
  const ignore = () => {};
  attempts = createAttempts({
    pool,
    retentionHours: 24,
    lanePauseSeconds: 300,
    onError: (error) => told.push(String(error)),
    observer: {
      ...{ phaseEnded: ignore, ended: ignore, lost: ignore, held: ignore },
      lanePaused: (site, code) => told.push(`${site} paused: ${code}`),
      laneOpened: (site, released) => told.push(`${site} opened: ${released}`),
    },
  });
});
afterAll(async () => {
  await attempts[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await removeAllJobs(pool);
  told.splice(0);
});

const queue = (site = 'youtube') => createJob(pool, 'QUEUED', { source: { ...newSource(), site } });

/** What a worker does with a delivery whose attempt fails so. */
async function run({ id }: Job, code: JobFailureCode): Promise<void> {
  using attempt = await attempts.claim(id, 'worker');
  if (attempt === null) throw new Error('it could not be claimed');
  await attempt.fail(code);
}

async function deliver({ id }: Job): Promise<'started' | 'not started'> {
  using attempt = await attempts.claim(id, 'worker');
  await attempt?.release();
  return attempt === null ? 'not started' : 'started';
}

async function pause(site = 'youtube'): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await run(await queue(site), 'BOT_CHECK');
}

/** Lets the pause's end, or the wait for a probe, lie `seconds` back. */
const letPauseEnd = (seconds = 0) =>
  pool.query(
    `with ended as (
       update tapedeck.lanes set paused_until = now() - make_interval(secs => $1) returning site)
     select from ended`,
    [seconds],
  );

async function pausedSeconds(): Promise<number> {
  const { rows } = await pool.query<{ seconds: number }>(
    `select extract(epoch from paused_until - now())::double precision as seconds
     from tapedeck.lanes`,
  );
  return rows[0]?.seconds ?? NaN;
}

const lanes = async () =>
  (await readQueueStats(pool, 6)).pausedLanes.map(({ site, code, waiting }) => ({
    ...{ site, code, waiting },
  }));

test('a single refusal, or two with a success in between, pause nothing', async () => {
  await run(await queue(), 'RATE_LIMITED');
  await run(await queue(), 'RATE_LIMITED');
  {
    using attempt = (await attempts.claim((await queue()).id, 'worker'))!;
    await attempt.enter('DOWNLOADING');
    await attempt.finish(newArtifact());
  }
  await run(await queue(), 'RATE_LIMITED');
  expect(await deliver(await queue())).toBe('started');
  expect(await lanes()).toEqual([]);
  expect(told).toEqual([]);
});

test('the third refusal in a row pauses the lane of its site, and no other', async () => {
  await pause();
  expect(told).toEqual(['youtube paused: BOT_CHECK']);
  expect(await deliver(await queue())).toBe('not started');
  expect(await deliver(await queue('example.com'))).toBe('started');
  expect(await lanes()).toEqual([{ site: 'youtube', code: 'BOT_CHECK', waiting: 1 }]);
});

test('a job of a paused lane waits without losing an attempt, says why and until when', async () => {
  await pause();
  const job = await queue();
  await deliver(job);
  const held = await readJob(pool, job.id);
  expect(held).toMatchObject({
    ...{ status: 'QUEUED', attempt: 0, maxAttempts: 5 },
    failure: { code: 'BOT_CHECK' },
  });
  expect(held.version).toBeGreaterThan(job.version);
  const [lane] = (await readQueueStats(pool, 6)).pausedLanes;
  expect(held.runAt).toEqual(lane?.until);
  expect((await findQueueJob(pool, job.id))?.run_at).toEqual(held.runAt);
});

test('when the pause ends one job probes and the others wait for what it learns', async () => {
  await pause();
  const [first, second, third] = [await queue(), await queue(), await queue()];
  for (const job of [first, second, third]) await deliver(job);
  await letPauseEnd();
  using probe = (await attempts.claim(first.id, 'worker'))!;
  expect(probe.job.id).toBe(first.id);
  expect(await deliver(second)).toBe('not started');
  expect(await deliver(third)).toBe('not started');

  await probe.enter('DOWNLOADING');
  await probe.enter('TRANSCODING');
  // Those that were refused need not wait for their own time any more.
  expect(told).toEqual(['youtube paused: BOT_CHECK', 'youtube opened: 5']);
  const [a, b] = [await readJob(pool, second.id), await readJob(pool, third.id)];
  for (const job of [a, b]) {
    expect(job).toMatchObject({ status: 'QUEUED', attempt: 0, failure: null });
  }
  expect(b.runAt.getTime()).toBeLessThanOrEqual(b.updatedAt.getTime());
  expect((await findQueueJob(pool, second.id))?.is_in_place).toBe(true);
  expect(await deliver(second)).toBe('started');
  expect(await lanes()).toEqual([]);
});

test('a refused probe doubles the pause, up to an hour, and stragglers do not', async () => {
  const straggler = await queue();
  using late = (await attempts.claim(straggler.id, 'worker'))!;
  await pause();
  await late.fail('RATE_LIMITED');
  expect(await pausedSeconds()).toBeLessThanOrEqual(300);
  const seconds: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    await letPauseEnd();
    await run(await queue(), 'BOT_CHECK');
    seconds.push(Math.ceil((await pausedSeconds()) / 10) * 10);
  }
  expect(seconds).toEqual([600, 1_200, 2_400, 3_600, 3_600]);
});

test('a probe that is never heard of holds the others for a minute only', async () => {
  await pause();
  await letPauseEnd();
  using lost = (await attempts.claim((await queue()).id, 'worker'))!;
  const next = await queue();
  expect(await deliver(next)).toBe('not started');
  expect(await pausedSeconds()).toBeLessThanOrEqual(60);
  await letPauseEnd();
  expect(await deliver(next)).toBe('started');
  expect(lost.signal.aborted).toBe(false);
});

test('a failure that shows that the site looked at the video opens the lane', async () => {
  await pause();
  const waiting = await queue();
  await deliver(waiting);
  await letPauseEnd();
  await run(await queue(), 'PRIVATE');
  expect(told).toContain('youtube opened: 4');
  expect(await deliver(waiting)).toBe('started');
});

test('a job that has waited in its lane for a day fails with the reason', async () => {
  await pause();
  const job = await queue();
  await deliver(job);
  await pool.query(`update tapedeck.jobs set held_at = now() - interval '25 hours' where id = $1`, [
    job.id,
  ]);
  await deliver(job);
  expect(await readJob(pool, job.id)).toMatchObject({
    ...{ status: 'FAILED', attempt: 0, failure: { code: 'BOT_CHECK' } },
  });
});

test('a waiting job can be canceled, and its lane forgets it', async () => {
  await pause();
  const job = await queue();
  await deliver(job);
  expect(await cancelJob(pool, 'alice', job.id)).toMatchObject({ kind: 'CANCELED' });
  expect(await lanes()).toEqual([{ site: 'youtube', code: 'BOT_CHECK', waiting: 0 }]);
  await deliver(job);
  expect((await readJob(pool, job.id)).status).toBe('CANCELED');
});

test('of many workers at the end of a pause exactly one probes, and no job is lost', async () => {
  await pause();
  const jobs = await Promise.all(Array.from({ length: 20 }, () => queue()));
  for (const job of jobs) await deliver(job);
  await letPauseEnd();
  const claims = await Promise.all(jobs.map(({ id }) => attempts.claim(id, 'worker')));
  const started = claims.filter((claim) => claim !== null);
  expect(started).toHaveLength(1);
  await started[0]!.enter('DOWNLOADING');
  await started[0]!.finish(newArtifact());
  for (const claim of started) claim[Symbol.dispose]();
  const outcomes = await Promise.all(
    jobs.map(async ({ id }) => ({
      status: (await readJob(pool, id)).status,
      isDue: ((await findQueueJob(pool, id))?.run_at ?? new Date(8e15)) <= new Date(),
    })),
  );
  expect(outcomes.filter(({ status }) => status === 'SUCCEEDED')).toHaveLength(1);
  expect(outcomes.filter(({ status, isDue }) => status === 'QUEUED' && isDue)).toHaveLength(19);
});

test('opening and holding at once neither deadlock nor leave a job behind', async () => {
  for (let round = 0; round < 20; round += 1) {
    await pause();
    const jobs = await Promise.all(Array.from({ length: 10 }, () => queue()));
    const prober = await queue();
    for (const job of jobs.slice(0, 5)) await deliver(job);
    await letPauseEnd();
    using probe = (await attempts.claim(prober.id, 'worker'))!;
    await probe.enter('DOWNLOADING');
    await Promise.all([...jobs.map(deliver), probe.finish(newArtifact())]);
    const { rows } = await pool.query(
      `select from tapedeck.jobs j where j.status = 'QUEUED' and j.held_at is not null
         and not exists (select from tapedeck.lanes l where l.site = j.site and l.pauses > 0)`,
    );
    expect(rows).toHaveLength(0);
    await removeAllJobs(pool);
  }
  expect(told.filter((line) => line.includes('rror'))).toEqual([]);
});

test('an attempt that starts from a kept source has asked no site, and opens no lane', async () => {
  await pause();
  await letPauseEnd();
  using resumed = (await attempts.claim((await queue()).id, 'worker'))!;
  await resumed.enter('TRANSCODING');
  await resumed.finish(newArtifact());
  expect(await lanes()).toHaveLength(1);
});
