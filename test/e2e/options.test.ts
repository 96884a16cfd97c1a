// What is asked for is what is made: every quality, with a cover or without, and never a failure for the sake of
// a picture.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { awaitEnd, awaitJob, download, requestMp3 } from '../support/caller.ts';
import type { SeenJob } from '../support/caller.ts';
import { openFolder } from '../support/folder.ts';
import { readMp3 } from '../support/mp3.ts';
import type { Mp3 } from '../support/mp3.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';

const song = video({ id: 'optional001' });
const withoutPicture = video({ id: 'optional002', thumbnail: 'missing' });
const withBrokenPicture = video({ id: 'optional003', thumbnail: 'garbage' });

const stack = new AsyncDisposableStack();
let folder: string;
let youtube: YouTube;
let tapedeck: Tapedeck;
beforeAll(async () => {
  folder = stack.use(await openFolder()).path;
  const videos = [song, withoutPicture, withBrokenPicture];
  youtube = stack.use(await startYouTube({ videos }));
  tapedeck = stack.use(
    await startTapedeck({ dataFolder: folder, settings: { ...youtube.environment } }),
  );
});
afterAll(() => stack.disposeAsync());

async function convert(
  id: string,
  options: { quality?: string; embedThumbnail?: boolean },
): Promise<{ job: SeenJob; mp3: Mp3 }> {
  const { job } = await requestMp3(tapedeck.url, `https://youtu.be/${id}`, options);
  const last = await awaitEnd(tapedeck.url, job.id);
  expect(last).toMatchObject({ status: 'SUCCEEDED', failure: null });
  return { job: last, mp3: await readMp3(await download(tapedeck.url, last, folder)) };
}

describe('quality', () => {
  test.each([
    ['KBPS_128', 128],
    ['KBPS_192', 192],
    ['KBPS_320', 320],
  ])('%s is that bitrate from end to end', async (quality, kbps) => {
    const { job, mp3 } = await convert(song.id, { quality, embedThumbnail: false });
    expect(mp3.bitrateKbps).toBe(kbps);
    expect(job.result?.bitrateKbps).toBe(kbps);
    expect(spread(mp3.frameBytes)).toBeLessThanOrEqual(1);
  });

  test('VBR_BEST is a bitrate that follows the sound', async () => {
    const { job, mp3 } = await convert(song.id, { quality: 'VBR_BEST', embedThumbnail: false });
    expect(spread(mp3.frameBytes)).toBeGreaterThan(100);
    expect(job.result?.bitrateKbps).toBe(mp3.bitrateKbps);
  });

  test('192 kbit/s with a cover is what comes without a word', async () => {
    const { mp3 } = await convert(song.id, {});
    expect(mp3.bitrateKbps).toBe(192);
    expect(mp3.cover).not.toBeNull();
  });
});

describe('cover', () => {
  test('is left out on demand', async () => {
    const { mp3 } = await convert(song.id, { embedThumbnail: false });
    expect(mp3.cover).toBeNull();
    expect(mp3.tags).toMatchObject({ title: song.title });
  });

  test.each([
    ['missing', withoutPicture.id],
    ['broken', withBrokenPicture.id],
  ])('whose picture is %s fails nothing and is left out', async (_how, id) => {
    const { mp3, job } = await convert(id, { embedThumbnail: true });
    expect(mp3.cover).toBeNull();
    expect(job).toMatchObject({ attempt: 1, progress: { fraction: 1 } });
  });
});

describe('the small picture', () => {
  test.each([true, false])(
    'is there while the job runs, with the cover wanted or not (%s)',
    async (embedThumbnail) => {
      const held = video({ id: `picture000${Number(embedThumbnail)}`, durationSeconds: 20 });
      youtube.add(held);
      held.hold();
      const { job } = await requestMp3(tapedeck.url, `https://youtu.be/${held.id}`, {
        embedThumbnail,
      });
      const { thumbnailUrl, status } = await awaitJob(
        tapedeck.url,
        job.id,
        'its picture',
        (seen) => seen.thumbnailUrl !== null || seen.isTerminal,
      );
      expect(status).toBe('RUNNING');
      const response = await fetch(tapedeck.url + thumbnailUrl);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      const picture = Buffer.from(await response.arrayBuffer());
      expect(picture.subarray(0, 3).toString('hex')).toBe('ffd8ff');
      held.release();
      expect(await awaitEnd(tapedeck.url, job.id)).toMatchObject({
        ...{ status: 'SUCCEEDED', thumbnailUrl },
      });
    },
  );

  test.each([
    ['missing', withoutPicture.id],
    ['broken', withBrokenPicture.id],
  ])('that is %s at the site is none, and fails nothing', async (_how, id) => {
    const { job } = await convert(id, { quality: 'KBPS_128' });
    expect(job.thumbnailUrl).toBeNull();
  });
});

/** The first frame may be LAME's own. */
function spread([, ...frameBytes]: readonly number[]): number {
  return Math.max(...frameBytes) - Math.min(...frameBytes);
}
