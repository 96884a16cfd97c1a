// Workers are frozen, stopped and replaced, APIs too, while callers go on asking: what is nearly done ends, the rest
// goes on elsewhere, and nothing is left behind. Workers that are killed: workerKilled and randomKills.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { act, awaitEnd, awaitJob, follow, readToEnd, readUntil } from '../support/caller.ts';
import { eventually } from '../support/eventually.ts';
import { percentile, report, summarize } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { openFolder } from '../support/folder.ts';
import { ask } from '../support/graphql.ts';
import { newVideoId } from '../support/jobStates.ts';
import { lastFor } from '../support/lasting.ts';
import { startLoad } from '../support/load.ts';
import { processesIn } from '../support/processes.ts';
import { scale } from '../support/scale.mjs';
import { makeStandIn } from '../support/standInTools.ts';
import type { StandIn } from '../support/standInTools.ts';

const slots = 4;
const conversions = { long: scale(2, 17), short: scale(1, 3) };

const stack = new AsyncDisposableStack();
let standIn: StandIn;
beforeAll(async () => {
  standIn = await makeStandIn(stack.use(await openFolder()));
});
afterAll(() => stack.disposeAsync());

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet({
    workers: 1,
    settings: { ...standIn.settings, WORKER_CONCURRENCY: String(slots) },
  });
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

/** Asks for a new video whose download takes so long, and waits until it is under way. */
async function startJob(seconds: number): Promise<string> {
  await standIn.take(seconds);
  const { requestMp3 } = await ask(
    fleet.api.url,
    `mutation ($url: String!) { requestMp3(url: $url, options: { embedThumbnail: false }) { job { id } } }`,
    { url: `https://youtu.be/${newVideoId()}` },
  );
  const { id } = requestMp3.job;
  await awaitJob(fleet.api.url, id, 'its download', ({ progress }) => {
    return progress.phase === 'DOWNLOADING' && (progress.fraction ?? 0) > 0.05;
  });
  return id;
}

async function startJobs(count: number, seconds: number): Promise<string[]> {
  const ids: string[] = [];
  for (let job = 0; job < count; job += 1) ids.push(await startJob(seconds));
  return ids;
}

async function filesOf(id: string): Promise<string[]> {
  const store = await readdir(join(fleet.dataFolder, 'store'), { recursive: true });
  return store.filter((name) => name.includes(fromGlobalId(id) ?? 'no job'));
}

/** Those that would be delivered; what they superseded, the sweep removes within a minute. */
async function countQueueJobs(): Promise<number> {
  const { rows } = await fleet.database.pool.query<{ count: number }>(
    `select count(*)::integer as count from graphile_worker.jobs
     where task_identifier = 'convert' and attempts < max_attempts`,
  );
  return rows[0]?.count ?? 0;
}

test('a worker that was frozen and wakes up publishes nothing, and works again', async () => {
  await fleet.startWorker();
  const id = await startJob(4);
  const frozen = fleet.runnerOf(id);
  await using stream = follow(fleet.api.url, id);
  process.kill(frozen.pid, 'SIGSTOP');
  const frozenAt = performance.now();
  await readUntil(stream, 'attempt 2', ({ job }) => job.attempt === 2);
  const elsewhereMs = performance.now() - frozenAt;
  const last = (await readToEnd(stream)).at(-1)?.job;
  await lastFor(scale(1, 60));
  process.kill(frozen.pid, 'SIGCONT');
  await eventually('it to notice', () => /taken over/.test(frozen.output()));
  await eventually('its tools to be gone', async () => {
    return (await processesIn(fleet.workFolder)).length === 0;
  });
  expect(elsewhereMs).toBeLessThan(10_000);
  expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });
  expect(await filesOf(id)).toHaveLength(1);
  await eventually('no queue job to be left', async () => (await countQueueJobs()) === 0);
  // Alone again, it has to do the next one.
  const other = fleet.workers.find((worker) => worker !== frozen);
  if (other !== undefined) await fleet.end(other, 'SIGTERM');
  expect(await awaitEnd(fleet.api.url, await startJob(1))).toMatchObject({
    ...{ status: 'SUCCEEDED', attempt: 1 },
  });
  report({
    demand: 'a worker is frozen (SIGSTOP) and wakes up',
    target: 'another owner finishes, the zombie publishes nothing',
    measured: `runs elsewhere after ${summarize([elsewhereMs])}; one file, no queue job left`,
  });
}, 180_000);

test('SIGTERM: what is nearly done ends here, the rest goes on elsewhere and is not counted', async () => {
  const [idle] = fleet.workers;
  if (idle !== undefined) await fleet.end(idle, 'SIGTERM');
  const own = { WORKER_CONCURRENCY: `${conversions.long + conversions.short}` };
  const stopped = await fleet.startWorker(own);
  const long = await startJobs(conversions.long, 60);
  const short = await startJobs(conversions.short, 20);
  await fleet.startWorker(own);
  for (const id of short) {
    await awaitJob(fleet.api.url, id, 'a near end', ({ progress: { etaSeconds } }) => {
      // Of many at once, the stand-in's seconds are longer than a second.
      return etaSeconds !== null && etaSeconds <= scale(3, 2);
    });
  }
  // The long ones are not to encode elsewhere while the short ones do here.
  await standIn.take(scale(6, 12));
  const streams = long.map((id) => follow(fleet.api.url, id));
  const askedAt = performance.now();
  const exited = fleet.end(stopped, 'SIGTERM');
  const resumed = await Promise.all(
    streams.map(async (stream) => {
      await readUntil(stream, 'attempt 2', ({ job }) => job.attempt === 2);
      return performance.now() - askedAt;
    }),
  );
  expect(await exited).toBe(0);
  const exitedMs = performance.now() - askedAt;
  const ends = await Promise.all(short.map((id) => awaitEnd(fleet.api.url, id)));
  expect(ends.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  // Of many, a busy machine ends some too late: those go on elsewhere like the long ones.
  const endedHere = ends.filter(({ attempt }) => attempt === 1).length;
  expect(endedHere).toBeGreaterThan(0);
  for (const stream of streams) {
    const last = (await readToEnd(stream)).at(-1)?.job;
    expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 2, maxAttempts: 6, failure: null });
    await stream[Symbol.asyncDispose]();
  }
  expect(exitedMs).toBeLessThan(30_000);
  expect(Math.max(...resumed)).toBeLessThan(10_000);
  report({
    demand: `SIGTERM to a worker with ${short.length} short and ${long.length} long conversions`,
    target: 'short work ends, long work runs elsewhere ≤ 10 s, exit ≤ 30 s',
    measured: `${endedHere} of ${short.length} short ended here; long elsewhere after ${summarize(resumed)}; exit after ${summarize([exitedMs])}`,
  });
});

test('workers and APIs are replaced every few seconds under load, and nothing is lost', async () => {
  const rounds = scale(2, 12);
  await standIn.take(2);
  const load = startLoad(() => fleet.api.url, scale(1_500, 2_000));
  const exits: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await fleet.startWorker();
    await lastFor(1);
    const [oldest] = fleet.workers;
    const askedAt = performance.now();
    if (oldest !== undefined) expect(await fleet.end(oldest, 'SIGTERM')).toBe(0);
    exits.push(performance.now() - askedAt);
    expect(await fleet.replaceApi()).toBe(0);
  }
  await load.stop();
  const ends = await fleet.waitForAll();
  expect(load.refused).toEqual([]);
  expect(ends).toEqual([`SUCCEEDED ${load.accepted.length}`]);
  const { rows } = await fleet.database.pool.query<{ again: number }>(
    `select count(*) filter (where attempt > 1)::integer as again from tapedeck.jobs`,
  );
  expect(Math.max(...exits)).toBeLessThan(30_000);
  report({
    demand: `worker and API replaced ${rounds} times under load, one after the other`,
    target: '0 lost, < 1 % run again, exit ≤ 30 s',
    measured: `0 of ${load.accepted.length} lost, ${rows[0]?.again} run again, exit after ${summarize(exits)}`,
  });
}, 420_000);

test('the tools of a canceled conversion are dead within a second, and it leaves no file', async () => {
  const turns = scale(4, 20);
  const took: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const id = await startJob(30);
    const folder = join(fleet.workFolder, `${fromGlobalId(id)}.1`);
    expect(await processesIn(folder)).not.toEqual([]);
    const askedAt = performance.now();
    await act(fleet.api.url, 'cancelJob', id);
    await eventually('its tools to be gone', async () => (await processesIn(folder)).length === 0);
    took.push(performance.now() - askedAt);
  }
  await eventually('the work folders to be gone', async () => {
    return (await readdir(fleet.workFolder)).length === 0;
  });
  expect(await countQueueJobs()).toBe(0);
  report({
    demand: 'cancel a running conversion: its tools are dead',
    target: 'p95 ≤ 1 s, p99 ≤ 3 s',
    measured: `p95 ${(percentile(took, 0.95) / 1_000).toFixed(2)} s, ${summarize(took)}`,
  });
  expect(percentile(took, 0.95)).toBeLessThan(1_000);
  expect(percentile(took, 0.99)).toBeLessThan(3_000);
}, 300_000);
