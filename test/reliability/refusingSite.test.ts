// A site that takes us for a robot: the queue is not burned against it, says so, and resumes by itself.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { awaitEnd, awaitJob, requestMp3 } from '../support/caller.ts';
import { eventually } from '../support/eventually.ts';
import { report, summarize } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { ask } from '../support/graphql.ts';
import { scale } from '../support/scale.mjs';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';

const count = scale(12, 30);
/** In which each of them is to be met once. */
const pauseSeconds = scale(2, 5);
const stack = new AsyncDisposableStack();
let youtube: YouTube;
let fleet: Fleet;
beforeAll(async () => {
  youtube = stack.use(await startYouTube());
  fleet = stack.use(
    await startFleet({
      workers: 2,
      settings: { ...youtube.environment, LANE_PAUSE_SECONDS: `${pauseSeconds}` },
    }),
  );
});
afterAll(() => stack.disposeAsync());

type Lane = { site: string; code: string; since: string; until: string; waiting: number };

async function pausedLanes(): Promise<Lane[]> {
  const { queueStats } = await ask(
    fleet.api.url,
    `{ queueStats { pausedLanes { site code since until waiting } } }`,
  );
  return queueStats.pausedLanes;
}

async function countAttempts(): Promise<number> {
  const { rows } = await fleet.database.pool.query<{ attempts: number }>(
    `select sum(attempt)::integer as attempts from tapedeck.jobs`,
  );
  return rows[0]?.attempts ?? 0;
}

test('a site that refuses everybody costs a few attempts, not all; when it serves again all jobs succeed', async () => {
  const songs = Array.from({ length: count }, (_, index) =>
    video({
      ...{ id: `refused${String(index).padStart(4, '0')}`, durationSeconds: 2 },
      refusal: 'bot',
    }),
  );
  for (const song of songs) youtube.add(song);
  const jobs: string[] = [];
  for (const { id } of songs) {
    jobs.push((await requestMp3(fleet.api.url, `https://youtu.be/${id}`)).job.id);
  }
  await eventually('all others to wait in the paused lane', async () => {
    const [lane] = await pausedLanes();
    return lane?.code === 'BOT_CHECK' && lane.waiting >= count - 5;
  });
  // Whoever asks now is told why it waits, and until when.
  const waiting = await awaitJob(
    fleet.api.url,
    jobs.at(-1)!,
    'the reason',
    (job) => job.failure !== null,
  );
  expect(waiting).toMatchObject({
    ...{ status: 'QUEUED', attempt: 0, failure: { code: 'BOT_CHECK' } },
    nextAttemptAt: expect.any(String),
  });

  const pauses = await eventually(
    'two probes to be refused, and each pause to be longer',
    async () => {
      const { rows } = await fleet.database.pool.query<{ pauses: number; seconds: number }>(
        `select pauses, extract(epoch from paused_until - refused_at)::integer as seconds
           from tapedeck.lanes where probe_job_id is null`,
      );
      return rows[0]?.pauses === 3 ? rows[0] : null;
    },
    { timeoutMs: 60_000 },
  );
  expect(pauses.seconds).toBe(4 * pauseSeconds);
  const refused = await countAttempts();

  for (const song of songs) song.refusal = null;
  const servedAt = performance.now();
  const opened = await eventually(
    'the lane to open',
    async () => ((await pausedLanes()).length === 0 ? performance.now() - servedAt : 0),
    { timeoutMs: 60_000 },
  );
  const ends = await Promise.all(
    jobs.map((id) => awaitEnd(fleet.api.url, id, { timeoutMs: 120_000 })),
  );
  expect(ends.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  expect(ends.filter(({ failure }) => failure !== null)).toEqual([]);
  report({
    demand: `a site refuses ${count} jobs through several probes: attempts used up`,
    target: `≤ 10, not ${count} × 5`,
    measured: `${refused}`,
  });
  report({
    demand: 'it serves again: the lane is open, without a hand',
    target: 'with the next probe',
    measured: summarize([opened]),
  });
  expect(refused).toBeLessThanOrEqual(10);
}, 240_000);
