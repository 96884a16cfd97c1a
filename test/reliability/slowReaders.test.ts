// Subscribers that stop reading without leaving: they cost the API little memory, cost nobody else any time, and have
// the newest state when they read again.

import { expect, test } from '@jest/globals';
import { writeProgress } from '../../src/db/progress.ts';
import type { Job } from '../../src/domain/job.ts';
import { toGlobalId } from '../../src/resolvers/globalId.ts';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { percentile, report } from '../support/figures.ts';
import { openFolder } from '../support/folder.ts';
import { createJob, keyOf, readJob } from '../support/jobs.ts';
import { lastFor } from '../support/lasting.ts';
import { openSocket } from '../support/socket.ts';
import type { TestSocket } from '../support/socket.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';

const [jobCount, attentiveCount, slowCount] = [100, 10, 40];
/** Within the 24 s after which a client that answers no ping is taken for gone. */
const changes = 150;
const everySeconds = 0.05;

/** Each frame that a slow one leaves unread has all the jobs: more than the kernel keeps for it. */
const watchAll = `subscription { jobs { jobs { id status version attempt createdAt startedAt nextAttemptAt sourceUrl
  progress { phase fraction bytesDone bytesTotal bytesPerSecond etaSeconds } options { quality embedThumbnail }
  source { title uploader durationSeconds thumbnailUrl } } } }`;

/** What is resident is garbage more than anything else: 50 MB more or less, by the moment. */
const tellingMemory = `--import=${new URL('../support/tellingMemory.ts', import.meta.url).href}`;

async function memoryInUse({ pid, output }: Tapedeck): Promise<number> {
  const told = () => [...output().matchAll(/memory in use: ([\d.]+) MB/g)];
  const count = told().length;
  process.kill(pid, 'SIGUSR2');
  await eventually('the API to tell its memory', () => told().length > count);
  return Number(told().at(-1)?.[1]);
}

test('subscribers that do not read cost little memory and nobody else time, and miss nothing in the end', async () => {
  await using stack = new AsyncDisposableStack();
  const { path: dataFolder } = stack.use(await openFolder());
  const database = stack.use(await createTestDatabase());
  const api = stack.use(
    await startTapedeck({
      dataFolder,
      settings: { DATABASE_URL: database.url, ROLES: 'api', NODE_OPTIONS: tellingMemory },
    }),
  );
  const jobs: Job[] = [];
  for (let made = 0; made < jobCount; made += 1) {
    jobs.push(await createJob(database.pool, 'RUNNING', { ownerId: 'everybody' }));
  }
  const [first] = jobs;
  if (first === undefined) throw new Error('there is no job');

  const arrivals: { readonly version: number; readonly at: number }[] = [];
  for (let count = 0; count < attentiveCount; count += 1) {
    const socket = stack.use(await openSocket(api.url));
    socket.subscribe('1', 'subscription ($id: ID!) { job(id: $id) { job { version } } }', {
      id: toGlobalId(first.id),
    });
    await socket.receive('1');
    socket.raw.on('message', (data: Buffer) => {
      const version = Number(/"version":(\d+)/.exec(data.toString())?.[1]);
      arrivals.push({ version, at: performance.now() });
    });
  }

  let fraction = 0;
  /** All jobs move on again and again; answers how long each change took to the attentive, in milliseconds. */
  async function moveOn(): Promise<number[]> {
    arrivals.splice(0);
    const writtenAt = new Map<number, number>();
    for (let change = 0; change < changes; change += 1) {
      fraction += 0.000_5;
      const nothing = { bytesDone: 1, bytesTotal: 2, bytesPerSecond: 3, etaSeconds: 4 };
      await writeProgress(
        database.pool,
        jobs.map((job) => ({ ...keyOf(job), ...nothing, phase: 'RESOLVING', fraction })),
      );
      writtenAt.set((await readJob(database.pool, first?.id ?? '')).version, performance.now());
      await lastFor(everySeconds);
    }
    const last = Math.max(...writtenAt.keys());
    await eventually('the last change at every attentive subscriber', () => {
      return arrivals.filter(({ version }) => version === last).length === attentiveCount;
    });
    return arrivals.flatMap(({ version, at }) => {
      const written = writtenAt.get(version);
      return written === undefined ? [] : [Math.max(0, at - written)];
    });
  }

  const slow: TestSocket[] = [];
  for (let count = 0; count < slowCount; count += 1) {
    const socket = stack.use(await openSocket(api.url));
    socket.subscribe('1', watchAll);
    expect(await socket.receive('1')).toMatchObject({ type: 'next', payload: { data: {} } });
    slow.push(socket);
  }
  const reading = await moveOn();
  const before = await memoryInUse(api);
  for (const { raw, forget } of slow) {
    forget();
    raw.pause();
  }
  const paused = await moveOn();
  const growthMb = ((await memoryInUse(api)) - before) / slowCount;

  const newest = new Map<string, number>();
  for (const { id } of jobs) {
    newest.set(toGlobalId(id), (await readJob(database.pool, id)).version);
  }
  for (const { raw } of slow) raw.resume();
  await eventually('the newest state of every job at every subscriber that reads again', () => {
    for (const { messages, raw } of slow) {
      const held = new Map<string, number>();
      for (const { payload } of messages) {
        for (const { id, version } of payload?.data?.jobs.jobs ?? []) held.set(id, version);
      }
      const behind = [...newest].filter(([id, version]) => held.get(id) !== version).length;
      if (behind > 0) {
        throw new Error(`${behind} jobs after ${messages.length} frames, state ${raw.readyState}`);
      }
    }
    return true;
  });

  // What did not fit on its way was never made: fewer frames than changes, and the newest.
  const caughtUp = Math.max(...slow.map(({ messages }) => messages.length));
  expect(caughtUp).toBeLessThan(changes);
  const p99 = (durations: readonly number[]) => `${percentile(durations, 0.99).toFixed(0)} ms`;
  report({
    demand: `${slowCount} subscribers of ${jobCount} jobs stop reading for ${changes} changes`,
    target: '≤ 1 MB each, p99 of the others as before, the newest state when they read again',
    measured: `${growthMb.toFixed(2)} MB each; others' p99 ${p99(reading)} before, ${p99(paused)} beside; none missed`,
  });
  expect(growthMb).toBeLessThan(1);
}, 180_000);
