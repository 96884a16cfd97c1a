import { stat } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { eventually } from '../../support/eventually.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';
import { hearTones, tones } from '../../support/sound.ts';
import { startYouTube } from '../../support/youtube/server.ts';
import type { YouTube } from '../../support/youtube/server.ts';
import { soundOf, video } from '../../support/youtube/video.ts';
import type { Video, VideoDeclaration } from '../../support/youtube/video.ts';
import { runYtDlpOn } from '../../support/ytdlp.ts';
import type { YtDlpResult } from '../../support/ytdlp.ts';

let youtube: YouTube;
beforeAll(async () => {
  youtube = await startYouTube();
});
afterAll(async () => {
  await youtube[Symbol.asyncDispose]();
});

type Download = Folder & {
  readonly of: Video;
  readonly result: Promise<YtDlpResult>;
  readonly sound: string;
  readonly stop: () => void;
  /** How often the media was asked for. */
  readonly transfers: () => number;
};

let declared = 0;
/** `patienceSeconds`: how long yt-dlp waits for a byte. */
async function startDownload(
  facts: Omit<VideoDeclaration, 'id'>,
  patienceSeconds = 15,
): Promise<Download> {
  declared += 1;
  const of = video({ id: `-media-${String(declared).padStart(4, '0')}`, ...facts });
  youtube.add(of);
  const folder = await openFolder();
  const controller = new AbortController();
  const args = ['--socket-timeout', String(patienceSeconds), '--no-part'];
  const result = runYtDlpOn(of, youtube, { folder: folder.path, args, signal: controller.signal });
  return {
    ...folder,
    of,
    result,
    sound: folder.file(`${of.id}.m4a`),
    stop: () => controller.abort(),
    transfers: () =>
      youtube.requests.filter(
        ({ path }) => path.startsWith('/videoplayback') && path.includes(of.id),
      ).length,
  };
}

test('media can be slow, and fast again while it runs', async () => {
  // Slow enough never to end.
  await using slow = await startDownload({ media: { kind: 'throttled', bytesPerSecond: 20 } });
  await eventually('the media to be asked for', () => slow.transfers() === 1);
  slow.of.media = { kind: 'normal' };
  expect(await slow.result).toMatchObject({ exitCode: 0 });
  expect(slow.transfers()).toBe(1);
});

test.each([
  ['cut twice', { kind: 'cut', times: 2 }, 3],
  ['down once', { kind: 'status', status: 503, times: 1 }, 2],
] as const)('media that is %s is whole in the end', async (_how, media, transfers) => {
  await using broken = await startDownload({ media: { ...media } });
  expect(await broken.result).toMatchObject({ exitCode: 0 });
  expect(broken.transfers()).toBe(transfers);
  expect(await hearTones(broken.sound)).toEqual(tones(soundOf(broken.of)));
});

test.each([
  ['forbidden', { kind: 'status', status: 403, times: Infinity }, /HTTP Error 403/, 15],
  ['rate-limited', { kind: 'status', status: 429, times: Infinity }, /HTTP Error 429/, 15],
  ['cut each time', { kind: 'cut', times: Infinity }, /Giving up after 3 retries/, 15],
  ['stalled', { kind: 'stalled' }, /timed out/, 2],
] as const)('media that is %s fails', async (_how, media, words, patienceSeconds) => {
  await using failing = await startDownload({ media: { ...media } }, patienceSeconds);
  expect(await failing.result).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(words),
  });
});

test('media that starves is asked for again, and never arrives', async () => {
  await using starved = await startDownload({ media: { kind: 'starved' } }, 2);
  // Old versions give up then; new ones go on, hundreds of times a second.
  await eventually('a resumed transfer', () => starved.transfers() >= 2);
  starved.stop();
  expect((await starved.result).exitCode).not.toBe(0);
});

test('media without a length goes on for ever', async () => {
  await using endless = await startDownload({ media: { kind: 'endless' } });
  await eventually('many times the bytes of the sound', async () => {
    const { size } = await stat(endless.sound);
    return size > 2_000_000;
  });
  endless.stop();
  expect(await endless.result).toMatchObject({ exitCode: null });
});

test('truncated media passes for whole: only listening tells', async () => {
  await using half = await startDownload({ media: { kind: 'truncated' }, durationSeconds: 20 });
  expect(await half.result).toMatchObject({ exitCode: 0 });
  expect(await hearTones(half.sound)).toEqual(tones(soundOf(half.of)).slice(0, 10));
});

test('corrupt media passes for whole: only decoding tells', async () => {
  await using corrupt = await startDownload({ media: { kind: 'corrupt' } });
  expect(await corrupt.result).toMatchObject({ exitCode: 0 });
  await expect(hearTones(corrupt.sound)).rejects.toThrow(/Invalid data/);
});

test('media may hold no sound although it is promised', async () => {
  await using silent = await startDownload({ formats: ['mp4 without sound'] });
  expect(await silent.result).toMatchObject({ exitCode: 0 });
  const picture = silent.file(`${silent.of.id}.mp4`);
  await expect(hearTones(picture)).rejects.toThrow(/matches no streams/);
});

test('media that redirects to a private address is followed, and refused by the proxy', async () => {
  const media = { kind: 'redirect', to: 'http://10.1.2.3:8080/secret' } as const;
  await using redirected = await startDownload({ media });
  expect(await redirected.result).toMatchObject({ exitCode: 1 });
  expect(youtube.refusedHosts).toContain('10.1.2.3:8080');
});
