// What happens to a conversion under way when its caller, or its process, does not want to go on.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { openFolder } from '../support/folder.ts';
import { ask, readAll, watch } from '../support/graphql.ts';
import { processesIn } from '../support/processes.ts';
import { hearTones, tones } from '../support/sound.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { soundOf, video } from '../support/youtube/video.ts';
import type { Video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let youtube: YouTube;
beforeAll(async () => {
  youtube = stack.use(await startYouTube());
});
afterAll(() => stack.disposeAsync());

const start = (dataFolder: string) =>
  startTapedeck({ dataFolder, settings: { ...youtube.environment } });

/** A video whose download stands still half-way, asked for; resolves when it stands. */
async function requestHeld(tapedeck: Tapedeck, id: string): Promise<{ song: Video; job: string }> {
  const song = video({ id, durationSeconds: 30 });
  song.hold();
  youtube.add(song);
  const { requestMp3 } = await ask(
    tapedeck.url,
    `mutation ($url: String!) { requestMp3(url: $url) { job { id } } }`,
    { url: `https://youtu.be/${id}` },
  );
  await song.whenHeld();
  return { song, job: requestMp3.job.id };
}

const watchToEnd = async (tapedeck: Tapedeck, id: string) => {
  await using stream = watch(
    tapedeck.url,
    `subscription ($id: ID!) { job(id: $id) { isFinal job {
       version status attempt maxAttempts failure { code } result { url } } } }`,
    { id },
  );
  return (await readAll(stream)).at(-1);
};

test('a canceled conversion leaves no process and no file', async () => {
  await using folder = await openFolder();
  await using tapedeck = await start(folder.path);
  const { song, job } = await requestHeld(tapedeck, 'cancel00001');
  const work = join(folder.path, 'work');
  expect(await processesIn(work)).not.toEqual([]);

  const { cancelJob } = await ask(
    tapedeck.url,
    `mutation ($id: ID!) { cancelJob(id: $id) { job { status } userErrors { code } } }`,
    { id: job },
  );
  expect(cancelJob).toEqual({ job: { status: 'CANCELED' }, userErrors: [] });
  await eventually('the tools to be gone', async () => (await processesIn(work)).length === 0);
  await eventually('the work folder to be gone', async () => (await readdir(work)).length === 0);
  expect(await readdir(join(folder.path, 'store'))).toEqual([]);
  expect(await watchToEnd(tapedeck, job)).toMatchObject({ job: { status: 'CANCELED' } });
  song.release();
});

test('a conversion under way when Tapedeck is stopped goes on at the next start', async () => {
  await using folder = await openFolder();
  const first = await start(folder.path);
  const { song, job } = await requestHeld(first, 'restart0001');
  expect(await first.stop('SIGINT')).toBe(0);
  expect(await processesIn(folder.path)).toEqual([]);

  song.release();
  await using second = await start(folder.path);
  const last = await watchToEnd(second, job);
  // The attempt that was handed back does not count.
  expect(last.job).toMatchObject({
    status: 'SUCCEEDED',
    attempt: 2,
    maxAttempts: 6,
    failure: null,
  });
  await expectWholeSound(second, last.job.result.url, song);
});

test('a conversion under way when Tapedeck is killed goes on at the next start', async () => {
  await using folder = await openFolder();
  const first = await start(folder.path);
  const { song, job } = await requestHeld(first, 'killed00001');
  await first.stop('SIGKILL');
  await eventually('its tools and its Postgres to die with it', async () => {
    const left = await processesIn(folder.path);
    return left.length === 0;
  });

  song.release();
  await using second = await start(folder.path);
  const last = await watchToEnd(second, job);
  expect(last.job).toMatchObject({ status: 'SUCCEEDED', attempt: 2, maxAttempts: 5 });
  await expectWholeSound(second, last.job.result.url, song);
});

async function expectWholeSound(tapedeck: Tapedeck, path: string, song: Video): Promise<void> {
  expect(await hearTones(tapedeck.url + path)).toEqual(tones(soundOf(song)));
}
