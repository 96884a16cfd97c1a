// A subscriber who stops reading: it costs a bounded amount, hinders nobody, and finds the newest state.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { enterPhase, recordSource } from '../../../src/db/attempts.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { usedHeapMb } from '../../support/heap.ts';
import { failJob, runJob } from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';
import { openSocket } from '../../support/socket.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const updates = 10_000;
/** The kernel takes some megabytes before a writer feels that nobody reads: with frames so big, a few dozen. */
const titleLength = 100_000;

/** RUNNING, and heavy to tell. */
async function runHeavyJob(): Promise<MadeJob> {
  const job = await runJob(app);
  const title = 'x'.repeat(titleLength);
  const source = { title, uploader: null, durationSeconds: null, thumbnailUrl: null };
  await recordSource(app.app.pool, job, source);
  await enterPhase(app.app.pool, job, 'DOWNLOADING', 0);
  return job;
}

/** So many updates of each job, every one announced by itself, as fast as the server can. */
async function reportOften(jobs: readonly MadeJob[], times: number): Promise<void> {
  const ids = jobs.map(({ jobId }) => `'${jobId}'`).join(', ');
  await app.database.pool.query(
    `do $$
     begin
       for step in 1..${times} loop
         update tapedeck.jobs set version = version + 1, bytes_done = step where id in (${ids});
         perform tapedeck.announce(j) from tapedeck.jobs j where id in (${ids});
         commit;
       end loop;
     end $$`,
  );
}

test('10,000 updates while a reader pauses make a few dozen frames afterwards, the last one the newest', async () => {
  const job = await runHeavyJob();
  await using paused = await openSocket(app.url);
  await using lively = await openSocket(app.url);
  const heavy = `subscription ($id: ID!) { job(id: $id) { isFinal job { version status source { title } } } }`;
  paused.subscribe('slow', heavy, job);
  await paused.receive('slow');
  lively.subscribe('fast', heavy.replace('source { title }', 'attempt'), job);
  await lively.receive('fast');
  paused.raw.pause();
  const heapBefore = usedHeapMb();

  await reportOften([job], updates);

  // Whoever reads is not held up by who does not.
  const newest = 4 + updates;
  await eventually('the lively reader to be there', () => {
    return lively.messages.at(-1)?.payload?.data.job.job.version === newest;
  });
  const growthMb = usedHeapMb() - heapBefore;
  expect(paused.messages.filter(({ id }) => id === 'slow')).toHaveLength(1);
  await failJob(app, 'NETWORK', { job });

  paused.raw.resume();
  const frames = (await paused.readToEnd('slow'))
    .slice(0, -1)
    .map(({ payload }) => payload.data.job);
  const versions = frames.map((frame) => frame.job.version);
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  expect(frames.length).toBeLessThan(150);
  expect(frames.at(-1)).toMatchObject({
    isFinal: true,
    job: { version: newest + 1, status: 'FAILED' },
  });
  // What one frame costs, and some for the lively one's: 10,000 queued ones would be a gigabyte.
  expect(growthMb).toBeLessThan(15);
});

test('a paused list costs one newest state a job', async () => {
  await app.database.pool.query(`delete from tapedeck.jobs`);
  const jobs = await Promise.all(Array.from({ length: 5 }, runHeavyJob));
  await using paused = await openSocket(app.url);
  paused.subscribe(
    'list',
    `subscription { jobs { isSnapshot jobs { id version status source { title } } removedIds } }`,
  );
  await paused.receive('list');
  paused.raw.pause();
  const heapBefore = usedHeapMb();
  const rounds = 1_000;
  await reportOften(jobs, rounds);
  for (const job of jobs) await failJob(app, 'NETWORK', { job });
  const growthMb = usedHeapMb() - heapBefore;
  paused.raw.resume();
  const held = new Map<string, string>();
  const removed = new Set<string>();
  let count = 1;
  for (; removed.size < jobs.length; count += 1) {
    const frame = (await paused.receive('list', count)).payload.data.jobs;
    for (const { id, status } of frame.jobs) held.set(id, status);
    for (const id of frame.removedIds) removed.add(id);
  }
  expect([...held.values()]).toEqual(jobs.map(() => 'FAILED'));
  expect(count).toBeLessThan(100);
  expect(growthMb).toBeLessThan(15);
});
