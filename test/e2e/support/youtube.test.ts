import { readFile, stat } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { ffmpeg } from '../../support/clip.ts';
import { eventually } from '../../support/eventually.ts';
import { openFolder } from '../../support/folder.ts';
import { hearTones, tones } from '../../support/sound.ts';
import { startYouTube } from '../../support/youtube/server.ts';
import type { YouTube } from '../../support/youtube/server.ts';
import { soundOf, video } from '../../support/youtube/video.ts';
import type { Video, VideoDeclaration } from '../../support/youtube/video.ts';
import { printed, runYtDlp, runYtDlpOn } from '../../support/ytdlp.ts';

let youtube: YouTube;
beforeAll(async () => {
  youtube = await startYouTube();
});
afterAll(async () => {
  await youtube[Symbol.asyncDispose]();
});

let declared = 0;
function declare(facts: Omit<VideoDeclaration, 'id'> = {}): Video {
  declared += 1;
  const added = video({ id: `-video-${String(declared).padStart(4, '0')}`, ...facts });
  youtube.add(added);
  return added;
}

test('an unmodified yt-dlp reads the metadata and gets the whole sound', async () => {
  const title = 'A “title” with </script>, 漢字 & 😀';
  const chapters = [
    { title: 'Beginning', startSeconds: 0 },
    { title: 'End', startSeconds: 90 },
  ];
  const of = declare({ title, durationSeconds: 180, uploadDate: '2024-02-29', chapters });
  await using folder = await openFolder();
  const result = await runYtDlpOn(of, youtube, { folder: folder.path });

  expect(printed(result, 'meta')).toEqual({
    id: of.id,
    title,
    duration: 180,
    uploader: of.uploader,
    upload_date: '20240229',
    thumbnail: `https://i.ytimg.com/vi/${of.id}/maxresdefault.jpg`,
    chapters: [
      { title: 'Beginning', start_time: 0, end_time: 90 },
      { title: 'End', start_time: 90, end_time: 180 },
    ],
    format_id: '140',
    ext: 'm4a',
  });
  expect(result.exitCode).toBe(0);
  const mp3 = folder.file('whole.mp3');
  await ffmpeg('ffmpeg', ['-i', folder.file(`${of.id}.m4a`), '-b:a', '128k', mp3]);
  expect(await hearTones(mp3)).toEqual(tones(soundOf(of)));
  const cover = await readFile(folder.file(`${of.id}.webp`));
  expect(cover.subarray(8, 12).toString()).toBe('WEBP');
});

test('every other host is refused and remembered', async () => {
  await using folder = await openFolder();
  const elsewhere = ['http://169.254.169.254/latest/meta-data/', 'https://youtube.com.example/x'];
  const before = youtube.refusedHosts.length;
  for (const url of elsewhere) {
    const result = await runYtDlp({ url, folder: folder.path, environment: youtube.environment });
    expect(result.stderr).toMatch(/403/);
  }
  const refused = new Set(youtube.refusedHosts.slice(before));
  expect([...refused]).toEqual(['169.254.169.254:80', 'youtube.com.example:443']);
});

describe('an answer can be held', () => {
  test('half-way through the media, until it is released', async () => {
    const of = declare();
    await using folder = await openFolder();
    of.hold();
    const result = runYtDlpOn(of, youtube, { folder: folder.path });
    await of.whenHeld();
    const partial = `${folder.file(`${of.id}.m4a`)}.part`;
    await eventually('some bytes of the first half', async () => {
      const sizes = [partial, `${partial}-Frag1.part`].map((path) => stat(path).catch(() => null));
      return (await Promise.all(sizes)).some((found) => found && found.size > 0);
    });
    of.release();
    expect(await result).toMatchObject({ exitCode: 0 });
    expect(await hearTones(folder.file(`${of.id}.m4a`))).toEqual(tones(soundOf(of)));
  });

  test('while the video is being resolved', async () => {
    const of = declare();
    await using folder = await openFolder();
    of.hold('player');
    const result = runYtDlpOn(of, youtube, { folder: folder.path });
    await of.whenHeld('player');
    of.refusal = 'private';
    of.release('player');
    expect((await result).stderr).toMatch('Private video');
  });
});
