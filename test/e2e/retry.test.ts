// A second try: by itself when the trouble may pass, on demand when a caller knows better. Nobody needs a new
// job for it: the id stays, and so do its watchers.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  act,
  awaitEnd,
  awaitJob,
  download,
  follow,
  readToEnd,
  requestMp3,
} from '../support/caller.ts';
import { openFolder } from '../support/folder.ts';
import { startMediaServer } from '../support/mediaServer.ts';
import type { MediaServer } from '../support/mediaServer.ts';
import { hearTones, tones } from '../support/sound.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { soundOf, video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let folder: string;
let media: MediaServer;
let youtube: YouTube;
let tapedeck: Tapedeck;
beforeAll(async () => {
  folder = stack.use(await openFolder()).path;
  media = stack.use(await startMediaServer());
  youtube = stack.use(await startYouTube());
  tapedeck = stack.use(
    await startTapedeck({
      dataFolder: folder,
      settings: {
        ...youtube.environment,
        // What lies on this machine is fetched from it, and the rest from the stand-in.
        ...{ NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
        ALLOWED_HOSTS: `youtube.com,${media.host}`,
      },
    }),
  );
});
afterAll(() => stack.disposeAsync());

test('a site that is down for a moment costs an attempt, a wait, and nothing else', async () => {
  const { job } = await requestMp3(tapedeck.url, media.url('downOnce'));
  await using stream = follow(tapedeck.url, job.id);
  const frames = await readToEnd(stream);

  const waiting = frames.find(({ job: each }) => each.nextAttemptAt !== null)?.job;
  expect(waiting).toMatchObject({ status: 'QUEUED', attempt: 1, failure: { code: 'NETWORK' } });
  const again = frames.find(({ job: each }) => each.attempt === 2)?.job;
  // While the second attempt runs, people still see why there is one.
  expect(again).toMatchObject({ status: 'RUNNING', failure: { code: 'NETWORK' } });
  expect(Date.parse(again?.startedAt ?? '')).toBeGreaterThanOrEqual(
    Date.parse(waiting?.nextAttemptAt ?? ''),
  );
  const last = frames.at(-1)?.job;
  expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 2, maxAttempts: 5, failure: null });
  const versions = frames.map(({ job: each }) => each.version);
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
});

test('who does not want to wait for the next attempt cancels the job and retries it', async () => {
  const song = video({ id: 'impatient01', refusal: 'rateLimited' });
  youtube.add(song);
  const { job } = await requestMp3(tapedeck.url, `https://youtu.be/${song.id}`);
  await awaitJob(tapedeck.url, job.id, 'a planned attempt', (each) => each.nextAttemptAt !== null);
  song.refusal = null;
  expect(await act(tapedeck.url, 'cancelJob', job.id)).toMatchObject({ status: 'CANCELED' });
  expect(await act(tapedeck.url, 'retryJob', job.id)).toMatchObject({
    ...{ id: job.id, status: 'QUEUED', attempt: 1, nextAttemptAt: null, failure: null },
  });
  // The planned one would have come in a minute.
  expect(await awaitEnd(tapedeck.url, job.id)).toMatchObject({
    ...{ status: 'SUCCEEDED', attempt: 2, maxAttempts: 6, failure: null },
  });
});

test('a failed job whose video was made public succeeds under the same id', async () => {
  const song = video({ id: 'wasprivate1', refusal: 'private', title: 'Public at last' });
  youtube.add(song);
  const { job } = await requestMp3(tapedeck.url, `https://youtu.be/${song.id}`);
  expect(await awaitEnd(tapedeck.url, job.id)).toMatchObject({
    ...{ status: 'FAILED', failure: { code: 'PRIVATE' }, source: null },
  });
  song.refusal = null;
  await act(tapedeck.url, 'retryJob', job.id);
  const last = await awaitEnd(tapedeck.url, job.id);
  expect(last).toMatchObject({
    ...{ id: job.id, status: 'SUCCEEDED', attempt: 2, failure: null },
    source: { title: 'Public at last' },
  });
  const file = await download(tapedeck.url, last, folder);
  expect(await hearTones(file)).toEqual(tones(soundOf(song)));
});

test('a job that is refused once more fails once more', async () => {
  const song = video({ id: 'stillgone01', refusal: 'removed' });
  youtube.add(song);
  const { job } = await requestMp3(tapedeck.url, `https://youtu.be/${song.id}`);
  const first = await awaitEnd(tapedeck.url, job.id);
  await act(tapedeck.url, 'retryJob', job.id);
  const second = await awaitEnd(tapedeck.url, job.id);
  expect(second).toMatchObject({ status: 'FAILED', attempt: 2, failure: { code: 'UNAVAILABLE' } });
  expect(second.version).toBeGreaterThan(first.version);
});
