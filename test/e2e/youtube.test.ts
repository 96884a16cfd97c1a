// The whole way of one song, as a stranger goes it: the link into the mutation, the subscription to its end, the
// file from its address. yt-dlp is the real one, and uses its own YouTube extractor against the stand-in.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openFolder } from '../support/folder.ts';
import { ask, readAll, watch } from '../support/graphql.ts';
import { hearTones, tones } from '../support/sound.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import { soundOf, video } from '../support/youtube/video.ts';

const song = video({
  id: 'dQw4w9WgXcQ',
  title: 'Ode to "Tape" – 日本語 🎵',
  uploader: 'The Reels',
  durationSeconds: 180,
  uploadDate: '2024-05-17',
});

const stack = new AsyncDisposableStack();
let tapedeck: Tapedeck;
let folder: string;
beforeAll(async () => {
  folder = stack.use(await openFolder()).path;
  const youtube = stack.use(await startYouTube({ videos: [song] }));
  tapedeck = stack.use(
    await startTapedeck({ dataFolder: join(folder, 'data'), settings: { ...youtube.environment } }),
  );
});
afterAll(() => stack.disposeAsync());

describe('a 3-minute video', () => {
  type Frame = {
    isFinal: boolean;
    job: {
      version: number;
      status: string;
      progress: { phase: string | null; fraction: number };
      failure: { code: string } | null;
      result: { url: string; fileName: string; sizeBytes: number; sha256: string } | null;
    };
  };
  let frames: Frame[];
  let file: string;
  beforeAll(async () => {
    const { requestMp3 } = await ask(
      tapedeck.url,
      `mutation { requestMp3(url: "https://youtu.be/dQw4w9WgXcQ?t=43&si=x") { job { id } userErrors { code } } }`,
    );
    await using stream = watch<Frame>(
      tapedeck.url,
      `subscription ($id: ID!) { job(id: $id) { isFinal job {
         version status progress { phase fraction } failure { code }
         result { url fileName sizeBytes sha256 } } } }`,
      { id: requestMp3.job.id },
    );
    frames = await readAll(stream);
    const response = await fetch(tapedeck.url + frames.at(-1)?.job.result?.url);
    file = join(folder, 'downloaded.mp3');
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
  });

  test('is seen from QUEUED or RUNNING to SUCCEEDED, and the stream ends by itself', () => {
    const last = frames.at(-1);
    expect(last).toMatchObject({ isFinal: true, job: { status: 'SUCCEEDED', failure: null } });
    expect(frames.filter(({ isFinal }) => isFinal)).toHaveLength(1);
    expect(['QUEUED', 'RUNNING']).toContain(frames[0]?.job.status);
  });

  test('has versions that strictly rise and a fraction that never falls', () => {
    const versions = frames.map(({ job }) => job.version);
    const fractions = frames.map(({ job }) => job.progress.fraction);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  test('moves at least ten times during conversion', () => {
    const converting = frames.filter(({ job }) => job.progress.phase === 'TRANSCODING');
    const steps = new Set(converting.map(({ job }) => job.progress.fraction));
    expect(steps.size).toBeGreaterThanOrEqual(10);
  });

  test('becomes an MP3 with the whole sound in order', async () => {
    expect(await hearTones(file)).toEqual(tones(soundOf(song)));
  });

  test('carries title, artist, date, link and a square cover', async () => {
    const { format, streams } = await probe(file);
    expect(format.format_name).toBe('mp3');
    expect(format.tags).toMatchObject({
      title: song.title,
      artist: 'The Reels',
      date: '2024-05-17',
      comment: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
    });
    const cover = streams.find(({ codec_type: type }) => type === 'video');
    expect(cover).toMatchObject({ codec_name: 'mjpeg', disposition: { attached_pic: 1 } });
    expect(cover?.width).toBe(cover?.height);
  });

  test('is called by artist and title', () => {
    expect(frames.at(-1)?.job.result?.fileName).toBe("The Reels - Ode to 'Tape' – 日本語 🎵.mp3");
  });

  test('is there at once when it is asked for again, in any spelling', async () => {
    const { requestMp3 } = await ask(
      tapedeck.url,
      `mutation { requestMp3(url: "music.youtube.com/watch?v=dQw4w9WgXcQ&list=PL1") {
         outcome job { status result { url } } } }`,
    );
    expect(requestMp3).toMatchObject({
      outcome: 'REUSED',
      job: { status: 'SUCCEEDED', result: { url: frames.at(-1)?.job.result?.url } },
    });
  });
});

type Probed = {
  format: { format_name: string; tags: Record<string, string> };
  streams: {
    codec_type: string;
    codec_name: string;
    width?: number;
    height?: number;
    disposition: object;
  }[];
};

async function probe(path: string): Promise<Probed> {
  const show = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams'];
  const { stdout } = await promisify(execFile)('ffprobe', [...show, path]);
  return JSON.parse(stdout) as Probed;
}
