// How long a request waits on an idle queue until a task begins, against graphile-worker's own latency test on the same
// database: one job after another by SQL, each timed until its task begins (perfTest/latencyTest.js of its repository).

import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, run } from 'graphile-worker';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { openConnection } from '../load/httpConnection.ts';
import type { HttpConnection } from '../load/httpConnection.ts';
import type { House } from './house.ts';

const requestsPerSecond = 50;

export type StartLatencies = {
  /** Milliseconds from sending the mutation until the task begins, at 50 requests a second. */
  readonly ours: readonly number[];
  /** Milliseconds from sending add_job until the task begins, one at a time. */
  readonly theirs: readonly number[];
  /** The same at 50 a second, when the processor has other things in its caches each time, as it has for ours. */
  readonly theirsPaced: readonly number[];
};

/** Both run on the same workers: graphile-worker's own, with tasks that do nothing but look at the clock. */
export async function measureStarts(house: House, samples: number): Promise<StartLatencies> {
  const startedAt = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  const begin = (key: string) => {
    startedAt.set(key, performance.now());
    waiting.get(key)?.();
  };
  const started = async (key: string) => {
    if (!startedAt.has(key)) await new Promise<void>((resolve) => waiting.set(key, resolve));
    return startedAt.get(key) ?? Number.NaN;
  };
  const runner = await run({
    pgPool: house.pool,
    ...{ concurrency: 2, noHandleSignals: true, logger: new Logger(() => () => {}) },
    taskList: {
      convert: (payload) => begin((payload as { jobId: string }).jobId),
      probe: (payload) => begin((payload as { key: string }).key),
    },
  });
  const addJob = async () => {
    const key = randomUUID();
    const sentAt = performance.now();
    await house.pool.query(`select graphile_worker.add_job('probe', $1)`, [{ key }]);
    return (await started(key)) - sentAt;
  };
  using connections = new DisposableStack();
  const idle: HttpConnection[] = [];
  const request = async () => {
    const connection = idle.shift() ?? connections.use(await openConnection(house.api.url));
    const sentAt = performance.now();
    const answer = await connection.post('/graphql', newRequest());
    idle.push(connection);
    const { data } = JSON.parse(answer) as { data: { requestMp3: { job: { id: string } } } };
    return (await started(fromGlobalId(data.requestMp3.job.id) ?? '')) - sentAt;
  };
  try {
    const theirs: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) theirs.push(await addJob());
    return {
      ...{ theirs, theirsPaced: await paced(samples, addJob) },
      ours: await paced(samples, request),
    };
  } finally {
    await runner.stop();
  }
}

async function paced(samples: number, act: () => Promise<number>): Promise<number[]> {
  const results: Promise<number>[] = [];
  const beganAt = performance.now();
  for (let sample = 0; sample < samples; sample += 1) {
    await delay(Math.max(0, beganAt + (sample * 1_000) / requestsPerSecond - performance.now()));
    results.push(act());
  }
  return Promise.all(results);
}

function newRequest(): string {
  return JSON.stringify({
    query: 'mutation ($url: String!) { requestMp3(url: $url) { job { id } userErrors { code } } }',
    variables: { url: `https://youtu.be/${randomBytes(8).toString('base64url')}` },
  });
}
