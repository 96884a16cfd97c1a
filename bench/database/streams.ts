// Streams of single jobs, one socket each, read by a process of their own: how soon a committed state is at its client,
// and what ten thousand of them cost the API. The jobs change by the worker's own statements.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { enterPhase } from '../../src/db/attempts.ts';
import { listenToChanges } from '../../src/db/changes.ts';
import { writeProgress } from '../../src/db/progress.ts';
import type { JobPhase } from '../../src/domain/job.ts';
import { toGlobalId } from '../../src/resolvers/globalId.ts';
import { cpuSeconds } from '../cpu.ts';
import type { StreamReport } from '../load/streamClient.ts';
import type { House } from './house.ts';

const clientModule = fileURLToPath(new URL('../load/streamClient.ts', import.meta.url));
/** What the page asks of a job. */
const subscription = `subscription ($id: ID!) { job(id: $id) { isFinal job {
  id version status isTerminal attempt maxAttempts updatedAt
  progress { phase fraction bytesDone bytesTotal bytesPerSecond etaSeconds asOf }
  source { title uploader durationSeconds } failure { code message } result { url fileName sizeBytes } } } }`;

type Streams = AsyncDisposable & {
  readonly jobIds: readonly string[];
  readonly report: () => Promise<Extract<StreamReport, { kind: 'frames' }>>;
};

/** Opens a stream for each of `count` running jobs, and waits for all their first frames. */
async function openStreams({ pool, api }: House, count: number): Promise<Streams> {
  const { rows } = await pool.query<{ id: string }>(
    `with made as (
       insert into tapedeck.jobs
         (site, external_id, source_url, quality, embed_thumbnail, max_attempts, status, attempt, worker_id, phase,
          started_at, title, uploader, duration_seconds)
       select 'youtube', gen_random_uuid(), 'https://www.youtube.com/watch?v=streamed-' || n, 'KBPS_192', true, 5,
         'RUNNING', 1, 'bench', 'DOWNLOADING', now(), 'A Song of Usual Length ' || n, 'An Artist', 213
       from generate_series(1, $1::integer) as n returning id),
     owned as (insert into tapedeck.job_owners (owner_id, job_id) select 'everybody', id from made)
     select id from made`,
    [count],
  );
  const jobIds = rows.map(({ id }) => id);
  const client = fork(clientModule, { serialization: 'advanced' });
  const next = async () => ((await once(client, 'message')) as [StreamReport])[0];
  client.send({ url: api.url, jobIds: jobIds.map(toGlobalId), query: subscription });
  await next();
  const report = async () => {
    client.send('report');
    const answer = await next();
    if (answer.kind !== 'frames') throw new Error('the client of the streams lost count');
    return answer;
  };
  await report();
  return {
    jobIds,
    report,
    async [Symbol.asyncDispose]() {
      const gone = once(client, 'exit');
      client.kill();
      await gone;
      await pool.query(`delete from tapedeck.jobs where worker_id = 'bench'`);
    },
  };
}

const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

/** What comes until nothing has come for two seconds: on a busy machine the last frames are late, but not lost. */
async function readOn({
  report,
}: Streams): Promise<{ frames: number; versions: readonly number[] }> {
  let frames = 0;
  for (;;) {
    await delay(2_000);
    const latest = await report();
    frames += latest.frames;
    if (latest.frames === 0) return { frames, versions: latest.versions };
  }
}

export type FrameLatencies = {
  /** Milliseconds from sending the statement that commits the state until its frame is at the client. */
  readonly frames: readonly number[];
  /** Of the same changes, from when a bare LISTEN in Node hears of each. */
  readonly beyond: readonly number[];
};

/** 200 changes of state a second over 1,000 streams. */
export async function measureFrames(house: House, seconds: number): Promise<FrameLatencies> {
  await using stack = new AsyncDisposableStack();
  const streams = stack.use(await openStreams(house, 1_000));
  const heardAt = new Map<string, number>();
  const listening = Promise.withResolvers<void>();
  stack.use(
    listenToChanges({
      connectionString: house.databaseUrl,
      applicationName: 'bench listen',
      pool: house.pool,
      onChange: (ids) => ids.forEach((id) => heardAt.set(id, monotonicMs())),
      onConnect: () => listening.resolve(),
      onLost: (cause) => listening.reject(cause),
    }),
  );
  await listening.promise;
  const frames: number[] = [];
  const beyond: number[] = [];
  // Five seconds bring each stream one change, so a frame cannot be taken for another.
  for (let round = 0; round < seconds / 5; round += 1) {
    heardAt.clear();
    const sentAt: number[] = [];
    const commits: Promise<void>[] = [];
    const change = async (place: number, jobId: string, phase: JobPhase) => {
      const client = await house.pool.connect();
      // From here on: to wait for a free connection is the bench's own affair.
      sentAt[place] = monotonicMs();
      await enterPhase(client, { jobId, attempt: 1 }, phase, 0).finally(() => client.release());
    };
    const beganAt = monotonicMs();
    for (const [place, jobId] of streams.jobIds.entries()) {
      const due = beganAt + place * 5;
      if (due > monotonicMs()) await delay(due - monotonicMs());
      commits.push(change(place, jobId, round % 2 === 0 ? 'TRANSCODING' : 'DOWNLOADING'));
    }
    await Promise.all(commits);
    await delay(1_000);
    const { arrivals } = await streams.report();
    if (arrivals.length !== streams.jobIds.length) {
      throw new Error(`${arrivals.length} frames for ${streams.jobIds.length} changes`);
    }
    for (const [, place, arrivedAt] of arrivals) {
      const since = sentAt[place] ?? Number.NaN;
      frames.push(arrivedAt - since);
      beyond.push(arrivedAt - (heardAt.get(streams.jobIds[place] ?? '') ?? Number.NaN));
    }
  }
  return { frames, beyond };
}

export type Crowd = {
  /** Of one core, while every job changes every second. */
  readonly cpuPercent: number;
  /** Growth of the API process's memory, by stream. */
  readonly kilobytesEach: number;
  /** Streams whose last frame is not the last version of their job. */
  readonly lost: number;
  /** Frames that arrived, by change: less than one when changes were merged. */
  readonly framesPerChange: number;
};

/** `count` streams whose jobs all change every second, in ten portions, as a few workers' flushes would come. */
export async function measureCrowd(house: House, count: number, seconds: number): Promise<Crowd> {
  const { pid } = house.api;
  const kilobytesBefore = await residentKilobytes(pid);
  await using streams = await openStreams(house, count);
  const kilobytes = (await residentKilobytes(pid)) - kilobytesBefore;
  const portion = Math.ceil(count / 10);
  const cpuBefore = await cpuSeconds([pid]);
  const beganAt = monotonicMs();
  for (let step = 0; step < seconds * 10; step += 1) {
    await delay(Math.max(0, beganAt + step * 100 - monotonicMs()));
    const first = (step % 10) * portion;
    await writeProgress(
      house.pool,
      streams.jobIds.slice(first, first + portion).map((jobId) => ({
        ...{ jobId, attempt: 1, phase: 'DOWNLOADING' as const },
        ...{ fraction: step / (seconds * 10), bytesDone: step * 1_000, bytesTotal: 5_000_000 },
        ...{ bytesPerSecond: 10_000, etaSeconds: 60 },
      })),
    );
  }
  const { frames, versions } = await readOn(streams);
  // By the seconds that the changes stand for, not by those that a busy machine took for them.
  const cpuPercent = (((await cpuSeconds([pid])) - cpuBefore) / seconds) * 100;
  const lost = versions.filter((version) => version !== seconds + 1).length;
  return {
    cpuPercent,
    kilobytesEach: kilobytes / count,
    lost,
    framesPerChange: frames / (seconds * count),
  };
}

export async function residentKilobytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
}
