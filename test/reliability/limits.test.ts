// Limits that bite: time, room and size. What goes beyond them ends with its true cause, leaves nothing behind, and
// the next job never notices.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findTools } from '../../src/media/tools.ts';
import { awaitEnd, awaitJob, requestMp3 } from '../support/caller.ts';
import type { SeenJob } from '../support/caller.ts';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { report, summarize } from '../support/figures.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';
import { startMediaServer } from '../support/mediaServer.ts';
import { processesIn } from '../support/processes.ts';
import { mountSmallDisk } from '../support/smallDisk.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';
import type { Video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let youtube: YouTube;
let folder: Folder;
beforeAll(async () => {
  youtube = stack.use(await startYouTube());
  folder = stack.use(await openFolder());
});
afterAll(() => stack.disposeAsync());

type Deck = { readonly url: string; readonly dataFolder: string };

async function startDeck(
  own: AsyncDisposableStack,
  dataFolder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Deck> {
  const database = own.use(await createTestDatabase());
  const { url } = own.use(
    await startTapedeck({
      dataFolder,
      settings: {
        ...youtube.environment,
        DATABASE_URL: database.url,
        WORKER_CONCURRENCY: '1',
        ...settings,
      },
    }),
  );
  return { url, dataFolder };
}

async function request({ url }: Deck, song: Video): Promise<SeenJob> {
  youtube.add(song);
  return (await requestMp3(url, `https://youtu.be/${song.id}`)).job;
}

const awaitFailure = ({ url }: Deck, id: string) =>
  awaitJob(url, id, 'a failed attempt', ({ failure }) => failure !== null);

const work = ({ dataFolder }: Deck) => join(dataFolder, 'work');

async function expectNothingLeft(deck: Deck): Promise<void> {
  expect(await processesIn(work(deck))).toEqual([]);
  expect(await readdir(work(deck))).toEqual([]);
}

/** The only slot is free, and works. Answers what the next job took. */
async function expectNextToSucceed(deck: Deck, id: string): Promise<string> {
  const askedAt = performance.now();
  const { id: next } = await request(deck, video({ id, durationSeconds: 2 }));
  expect(await awaitEnd(deck.url, next)).toMatchObject({ status: 'SUCCEEDED', attempt: 1 });
  return `the next job succeeded after ${((performance.now() - askedAt) / 1_000).toFixed(1)} s`;
}

/** From the limit to the failure on record. */
function lateMs(job: SeenJob, limitSeconds: number): number {
  const ran = Date.parse(job.failure?.occurredAt ?? '') - Date.parse(job.startedAt ?? '');
  return ran - limitSeconds * 1_000;
}

test('a site that says nothing is left at the limit, and the slot is free', async () => {
  await using own = new AsyncDisposableStack();
  const deck = await startDeck(own, folder.file('resolve'), { RESOLVE_TIMEOUT_SECONDS: '8' });
  const song = video({ id: 'hangresolve', durationSeconds: 2 });
  song.hold('player');
  const { id } = await request(deck, song);
  const failed = await awaitFailure(deck, id);
  expect(failed).toMatchObject({ status: 'QUEUED', failure: { code: 'TIMED_OUT' } });
  report({
    demand: 'a hanging site: from the limit to the failure on record',
    target: '≤ 1 s',
    measured: summarize([lateMs(failed, 8)]),
  });
  await expectNothingLeft(deck);
  song.release('player');
  await expectNextToSucceed(deck, 'afterhang01');
});

test('a tool that ignores SIGTERM is killed', async () => {
  await using own = new AsyncDisposableStack();
  const stubborn = folder.file('stubborn-yt-dlp');
  // A version it says; everything else it sits out, with a child of its own.
  await writeFile(
    stubborn,
    `#!/bin/sh\ncase "$*" in *--version*) echo 2026.08.19; exit;; esac\ntrap '' TERM INT\necho Reading URLs from STDIN >&2\nsleep 1000 & while :; do sleep 0.1; done\n`,
  );
  await chmod(stubborn, 0o755);
  const deck = await startDeck(own, folder.file('stubborn'), {
    ...{ RESOLVE_TIMEOUT_SECONDS: '1', YTDLP_PATH: stubborn },
  });
  const { id } = await request(deck, video({ id: 'stubborn001' }));
  const failed = await awaitFailure(deck, id);
  expect(failed).toMatchObject({ failure: { code: 'TIMED_OUT' } });
  report({
    demand: 'a tool that ignores SIGTERM: from the limit to its end',
    target: '≤ 6 s',
    measured: summarize([lateMs(failed, 1)]),
  });
  await expectNothingLeft(deck);
});

test('a download that stands still ends at its limit', async () => {
  await using own = new AsyncDisposableStack();
  const deck = await startDeck(own, folder.file('stall'), { DOWNLOAD_TIMEOUT_SECONDS: '8' });
  const song = video({ id: 'stalled0001', durationSeconds: 30 });
  song.hold();
  const { id } = await request(deck, song);
  const failed = await awaitFailure(deck, id);
  expect(failed).toMatchObject({ failure: { code: 'TIMED_OUT' } });
  await expectNothingLeft(deck);
  song.release();
  const next = await expectNextToSucceed(deck, 'afterstall1');
  report({
    demand: 'a download that stands still at its limit',
    target: 'TIMED_OUT, nothing left, the slot is free',
    measured: `${failed.failure?.code}; ${next}`,
  });
});

test('an encoder that hangs and ignores SIGTERM ends at its limit', async () => {
  await using own = new AsyncDisposableStack();
  const { ffmpeg } = await findTools({
    ...{ ytdlpPath: null, ffmpegPath: null, searchPath: process.env['PATH'] ?? '' },
  });
  const hanging = folder.file('ffmpeg');
  const trap = folder.file('trap');
  await writeFile(trap, '');
  await writeFile(
    hanging,
    `#!/bin/sh\ncase " $* " in *libmp3lame*) if [ -e "${trap}" ]; then trap '' TERM INT; while :; do sleep 0.1; done; fi;; esac\nexec "${ffmpeg.path}" "$@"\n`,
  );
  await chmod(hanging, 0o755);
  const deck = await startDeck(own, folder.file('encoder'), {
    // In a sandbox the program would not see its trap.
    ...{ CONVERT_TIMEOUT_SECONDS: '2', FFMPEG_PATH: hanging, SANDBOX: 'off' },
  });
  const { id } = await request(deck, video({ id: 'hangencode1', durationSeconds: 2 }));
  const failed = await awaitFailure(deck, id);
  expect(failed).toMatchObject({ status: 'QUEUED', failure: { code: 'TIMED_OUT' } });
  await expectNothingLeft(deck);
  await rm(trap);
  const next = await expectNextToSucceed(deck, 'afterencode');
  report({
    demand: 'an encoder that hangs and ignores SIGTERM, at its limit',
    target: 'TIMED_OUT, nothing left, the slot is free',
    measured: `${failed.failure?.code}; ${next}`,
  });
});

test('on a full disk no download begins; when there is room again the job goes on', async () => {
  await using own = new AsyncDisposableStack();
  const disk = own.use(await mountSmallDisk(40));
  const deck = await startDeck(own, disk.path);
  await writeFile(join(disk.path, 'ballast'), Buffer.alloc(20 * 1024 * 1024));
  const before = youtube.requests.length;
  const { id } = await request(deck, video({ id: 'fulldisk001', durationSeconds: 2 }));
  const failed = await awaitFailure(deck, id);
  expect(failed).toMatchObject({ status: 'QUEUED', failure: { code: 'STORAGE_FULL' } });
  const asked = youtube.requests.length - before;
  expect(asked).toBe(0);
  await writeFile(join(disk.path, 'ballast'), '');
  const last = await awaitEnd(deck.url, id);
  expect(last).toMatchObject({ status: 'SUCCEEDED' });
  report({
    demand: 'a disk that is full before the download',
    target: 'STORAGE_FULL, the site is not asked, the job goes on when there is room',
    measured: `${failed.failure?.code}; ${asked} requests; ${last.status} in attempt ${last.attempt}`,
  });
});

test('a disk that fills up during a download is no end: typed failure, no leftover, and the next job runs', async () => {
  await using own = new AsyncDisposableStack();
  const disk = own.use(await mountSmallDisk(60));
  const media = own.use(await startMediaServer());
  const deck = await startDeck(own, disk.path, {
    ALLOWED_HOSTS: `youtube.com,${new URL(media.url('endless')).host}`,
    NO_PROXY: '127.0.0.1',
  });
  const before = await disk.freeBytes();
  const { job } = await requestMp3(deck.url, media.url('endless'));
  const failed = await awaitFailure(deck, job.id);
  expect(failed).toMatchObject({ status: 'QUEUED', failure: { code: 'STORAGE_FULL' } });
  await expectNothingLeft(deck);
  await eventually('the room to be free again', async () => {
    return before - (await disk.freeBytes()) < 1024 * 1024;
  });
  const next = await expectNextToSucceed(deck, 'afterfull01');
  report({
    demand: 'a disk that fills up during a download',
    target: 'STORAGE_FULL, nothing left, the next job runs',
    measured: `${failed.failure?.code}; ${next}`,
  });
});

test('a source that lies about its size is refused by what it sends', async () => {
  await using own = new AsyncDisposableStack();
  const media = own.use(await startMediaServer());
  const deck = await startDeck(own, folder.file('liar'), {
    ALLOWED_HOSTS: `youtube.com,${new URL(media.url('endless')).host}`,
    NO_PROXY: '127.0.0.1',
    MAX_FILESIZE_MB: '4',
  });
  const { job } = await requestMp3(deck.url, media.url('endless'));
  const endless = await awaitEnd(deck.url, job.id);
  expect(endless).toMatchObject({
    ...{ status: 'FAILED', attempt: 1, failure: { code: 'TOO_LARGE' } },
  });
  // Longer by its own container's word than what comes.
  const short = video({ id: 'shortened01', durationSeconds: 20, media: { kind: 'truncated' } });
  const { id } = await request(deck, short);
  const shortened = await awaitFailure(deck, id);
  expect(shortened).toMatchObject({ failure: { code: 'OUTPUT_INVALID' } });
  await expectNothingLeft(deck);
  const next = await expectNextToSucceed(deck, 'afterlies01');
  report({
    demand: 'a source that lies about its size, and one about its length',
    target: 'TOO_LARGE, OUTPUT_INVALID, nothing left, the next job runs',
    measured: `${endless.failure?.code}, ${shortened.failure?.code}; ${next}`,
  });
});
