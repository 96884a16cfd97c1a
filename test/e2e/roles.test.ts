// One API and two workers, as processes of their own that share a database and a folder: what all-in-one
// promises holds for them too, whichever of them dies. The tests tell one story, in their order.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { awaitEnd, download, follow, readToEnd, requestMp3 } from '../support/caller.ts';
import type { SeenFrame, SeenJob } from '../support/caller.ts';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openFolder } from '../support/folder.ts';
import { ask, readAll, watch } from '../support/graphql.ts';
import { processesIn } from '../support/processes.ts';
import { hearTones, tones } from '../support/sound.ts';
import { runToExit, startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { soundOf, video } from '../support/youtube/video.ts';
import type { Video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let youtube: YouTube;
let dataFolder: string;
let shared: Readonly<Record<string, string>>;
let api: Tapedeck;
let workers: Tapedeck[];

beforeAll(async () => {
  dataFolder = stack.use(await openFolder()).path;
  youtube = stack.use(await startYouTube());
  const database = stack.use(await createTestDatabase());
  shared = { ...youtube.environment, DATABASE_URL: database.url, WORKER_CONCURRENCY: '1' };
  const start = (roles: string) =>
    startTapedeck({ dataFolder, settings: { ...shared, ROLES: roles } });
  const started = await Promise.all([start('api'), start('worker'), start('worker')]);
  for (const each of started) stack.use(each);
  [api, ...workers] = started;
});
afterAll(() => stack.disposeAsync());

/** A video whose download stands still half-way, asked for; resolves when it stands. */
async function requestHeld(id: string): Promise<{ song: Video; job: SeenJob }> {
  const song = video({ id });
  song.hold();
  youtube.add(song);
  const { job } = await requestMp3(api.url, `https://youtu.be/${id}`);
  await song.whenHeld();
  return { song, job };
}

/** The log tells who works at what. */
const runnersOf = (job: SeenJob): Tapedeck[] =>
  workers.filter((worker) => worker.output().includes(fromGlobalId(job.id) ?? 'no job'));

async function expectWholeSound(job: SeenJob, song: Video): Promise<void> {
  const file = await download(api.url, job, dataFolder);
  expect(await hearTones(file)).toEqual(tones(soundOf(song)));
}

const health = (settings: Readonly<Record<string, string>>) =>
  runToExit({ dataFolder, settings: { ...shared, ...settings }, command: 'health' });
const apiSettings = () => ({ ROLES: 'api', PORT: new URL(api.url).port });

test('two jobs go to two workers, and one API shows and serves both', async () => {
  const held = await Promise.all(['spread00001', 'spread00002'].map(requestHeld));
  await using stream = watch(api.url, `subscription { jobs { jobs { id status } } }`);
  const { value: snapshot } = await stream.next();
  expect(snapshot.jobs).toHaveLength(2);
  for (const { job } of held) {
    expect(snapshot.jobs).toContainEqual({ id: job.id, status: 'RUNNING' });
  }
  const runners = held.map(({ job }) => runnersOf(job));
  expect(runners.map(({ length }) => length)).toEqual([1, 1]);
  expect(runners[0]).not.toEqual(runners[1]);
  const { queueStats } = await ask(api.url, `{ queueStats { running workers workerSlots } }`);
  expect(queueStats).toEqual({ running: 2, workers: 2, workerSlots: 2 });

  for (const { song, job } of held) {
    song.release();
    const last = await awaitEnd(api.url, job.id);
    expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 1 });
    await expectWholeSound(last, song);
  }
});

test('the health command finds both roles well', async () => {
  for (const settings of [apiSettings(), { ROLES: 'worker' }]) {
    expect(await health(settings)).toEqual({ exitCode: 0, output: '', complaints: '' });
  }
});

test('a client that asks again after a restart of the API gets the end all the same', async () => {
  const { song, job } = await requestHeld('apirestart1');
  await using before = follow(api.url, job.id);
  const { value: seen } = (await before.next()) as { value: SeenFrame };
  expect(seen.job.status).toBe('RUNNING');

  const settings = { ...shared, ...apiSettings() };
  expect(await api.stop()).toBe(0);
  await expect(readAll(before)).rejects.toMatchObject({ code: 1012 });
  api = stack.use(await startTapedeck({ dataFolder, settings }));

  await using after = follow(api.url, job.id);
  song.release();
  const frames = await readToEnd(after);
  expect(frames[0]?.job.version).toBeGreaterThanOrEqual(seen.job.version);
  const last = frames.at(-1);
  expect(last).toMatchObject({ job: { status: 'SUCCEEDED', attempt: 1 } });
  await expectWholeSound(last?.job as SeenJob, song);
});

test('when a worker is killed, the other one takes its job over and ends it once', async () => {
  const { song, job } = await requestHeld('workerkill1');
  await using stream = follow(api.url, job.id);
  const [killed] = runnersOf(job);
  await killed?.stop('SIGKILL');
  workers = workers.filter((worker) => worker !== killed);
  await eventually('its tools to die with it', async () => {
    const left = await processesIn(join(dataFolder, 'work'));
    return left.length === 0;
  });
  song.release();

  const frames = await readToEnd(stream);
  const lost = frames.find(({ job: each }) => each.failure !== null)?.job;
  expect(lost?.failure?.code).toBe('WORKER_LOST');
  const last = frames.at(-1)?.job as SeenJob;
  expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 2, maxAttempts: 5, failure: null });
  const store = await readdir(join(dataFolder, 'store'), { recursive: true });
  const files = store.filter((name) => name.includes(fromGlobalId(job.id) ?? 'no job'));
  expect(files).toHaveLength(1);
  await expectWholeSound(last, song);
});

test('a request that nobody can run is accepted, and waits', async () => {
  for (const worker of workers) expect(await worker.stop()).toBe(0);
  const song = video({ id: 'noworker001' });
  youtube.add(song);
  const { job } = await requestMp3(api.url, `https://youtu.be/${song.id}`);
  expect(job).toMatchObject({ status: 'QUEUED', attempt: 0 });
  expect(await health({ ROLES: 'worker' })).toEqual(
    unwell('No worker of this host was seen lately; look at its log.'),
  );

  workers = [
    stack.use(await startTapedeck({ dataFolder, settings: { ...shared, ROLES: 'worker' } })),
  ];
  expect(await awaitEnd(api.url, job.id)).toMatchObject({ status: 'SUCCEEDED', attempt: 1 });
});

test('the health command finds an API that is gone unwell', async () => {
  const settings = apiSettings();
  await api.stop();
  expect(await health(settings)).toEqual(
    unwell(`Nothing answers on port ${settings.PORT}; look at the log of the API.`),
  );
});

function unwell(sentence: string) {
  const complaints = `Tapedeck cannot run: ${sentence}\n`;
  return { exitCode: 1, output: complaints, complaints };
}
