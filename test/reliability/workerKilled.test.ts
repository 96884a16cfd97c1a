// kill -9 of a worker in the middle of a conversion: its tools die with it, another worker goes on, and the caller
// is told the truth. The tools are the real ones, against the stand-in for YouTube.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { awaitJob, follow, readToEnd, readUntil, requestMp3 } from '../support/caller.ts';
import type { SeenJob } from '../support/caller.ts';
import { eventually } from '../support/eventually.ts';
import { report, summarize } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { processesIn } from '../support/processes.ts';
import { scale } from '../support/scale.mjs';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';
import type { Video } from '../support/youtube/video.ts';

const kills = scale(2, 8);
/** Encoding it takes longer than it takes to kill the worker. */
const longSeconds = 600;

const stack = new AsyncDisposableStack();
let youtube: YouTube;
let fleet: Fleet;
beforeAll(async () => {
  youtube = stack.use(await startYouTube());
  fleet = stack.use(await startFleet({ workers: 2, settings: { ...youtube.environment } }));
});
afterAll(() => stack.disposeAsync());

/** Asked for, and RUNNING in that phase. */
async function runInto(
  phase: 'DOWNLOADING' | 'TRANSCODING',
  id: string,
): Promise<{ song: Video; job: SeenJob }> {
  const isDownload = phase === 'DOWNLOADING';
  const song = video({ id, durationSeconds: isDownload ? 5 : longSeconds });
  if (isDownload) song.hold();
  youtube.add(song);
  const { job } = await requestMp3(fleet.api.url, `https://youtu.be/${id}`);
  await awaitJob(fleet.api.url, job.id, phase, ({ progress }) => progress.phase === phase);
  if (isDownload) await song.whenHeld();
  await eventually('its tool to run', async () => (await processesIn(fleet.workFolder)).length > 0);
  return { song, job };
}

/** Kills the job's worker; answers after how many milliseconds none of its tools was left. */
async function killRunnerOf(job: SeenJob): Promise<number> {
  const runner = fleet.runnerOf(job.id);
  const tools = (await processesIn(fleet.workFolder)).map((line) => line.split(' ')[0]);
  const killedAt = performance.now();
  await fleet.end(runner, 'SIGKILL');
  await eventually('its tools to die with it', async () => {
    const alive = (await processesIn(fleet.workFolder)).map((line) => line.split(' ')[0]);
    return !alive.some((pid) => tools.includes(pid));
  });
  return performance.now() - killedAt;
}

async function filesOf(job: SeenJob): Promise<string[]> {
  const store = await readdir(join(fleet.dataFolder, 'store'), { recursive: true });
  return store.filter((name) => name.includes(fromGlobalId(job.id) ?? 'no job'));
}

test(
  'another worker goes on within 10 s, and one file is published',
  async () => {
    const dead: number[] = [];
    const elsewhere: number[] = [];
    for (let turn = 0; turn < kills; turn += 1) {
      const phase = turn % 2 === 0 ? 'DOWNLOADING' : 'TRANSCODING';
      const { song, job } = await runInto(phase, `killed${String(turn).padStart(5, '0')}`);
      await using stream = follow(fleet.api.url, job.id);
      await stream.next();
      const killedAt = performance.now();
      dead.push(await killRunnerOf(job));
      song.release();
      await readUntil(stream, 'attempt 2', ({ job: { attempt } }) => attempt === 2);
      elsewhere.push(performance.now() - killedAt);
      const last = (await readToEnd(stream)).at(-1)?.job;
      expect(last).toMatchObject({
        status: 'SUCCEEDED',
        attempt: 2,
        maxAttempts: 5,
        failure: null,
      });
      expect(await filesOf(job)).toHaveLength(1);
      await fleet.startWorker();
    }
    report({
      demand: 'kill -9 of a worker: its tools are dead',
      target: '≤ 1 s',
      measured: summarize(dead),
    });
    report({
      demand: 'kill -9 of a worker: the job runs elsewhere',
      target: 'p50 ≤ 6 s, all ≤ 10 s',
      measured: summarize(elsewhere),
    });
    expect(Math.max(...dead)).toBeLessThan(1_000);
    expect(Math.max(...elsewhere)).toBeLessThan(10_000);
  },
  60_000 * kills,
);

test('in the last attempt the job is FAILED as WORKER_LOST, and its subscriber hears it', async () => {
  const { song, job } = await runInto('DOWNLOADING', 'lastattempt');
  await fleet.database.pool.query(`update tapedeck.jobs set max_attempts = attempt where id = $1`, [
    fromGlobalId(job.id),
  ]);
  await using stream = follow(fleet.api.url, job.id);
  await stream.next();
  const killedAt = performance.now();
  await killRunnerOf(job);
  const last = (await readToEnd(stream)).at(-1)?.job;
  const heardAfter = performance.now() - killedAt;
  song.release();
  expect(last).toMatchObject({ status: 'FAILED', attempt: 1, failure: { code: 'WORKER_LOST' } });
  expect(await filesOf(job)).toEqual([]);
  report({
    demand: 'kill -9 in the last attempt: the subscriber hears WORKER_LOST',
    target: '≤ 10 s',
    measured: summarize([heardAfter]),
  });
  expect(heardAfter).toBeLessThan(10_000);
});
