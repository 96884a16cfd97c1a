import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openFolder } from '../../support/folder.ts';

const folder = await openFolder();
// youtube-dl-exec reads it when it is loaded: its own binary is then in our hands too.
process.env['YOUTUBE_DL_DIR'] = folder.file('bundled');
const { findTools, readYtdlpVersion, warnings } = await import('../../../src/media/tools.ts');

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

/** Writes a program that prints the text, or fails when there is none; answers its path. */
async function program(name: string, prints?: string): Promise<string> {
  const file = folder.file(name);
  await mkdir(dirname(file), { recursive: true });
  const body = prints === undefined ? 'exit 1' : `echo '${prints}'`;
  await writeFile(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

async function search(searchPath: string[], settings: { ytdlp?: string; ffmpeg?: string } = {}) {
  return await findTools({
    ytdlpPath: settings.ytdlp ?? null,
    ffmpegPath: settings.ffmpeg ?? null,
    searchPath: searchPath.map((name) => folder.file(name)).join(':'),
  });
}

const ffmpegVersion = 'ffmpeg version 7.1-tessus Copyright (c) 2000-2026 the FFmpeg developers';

describe('finding the tools', () => {
  beforeAll(async () => {
    await program('old/yt-dlp', '2023.03.04');
    await program('new/yt-dlp', '2026.01.31');
    await program('broken/yt-dlp');
    await program('broken/ffmpeg');
    await program('new/ffmpeg', ffmpegVersion);
    await program('new/ffprobe', 'ffprobe version 7.1-tessus');
    await program('lonely/ffmpeg', ffmpegVersion);
  });

  test('the first on PATH that runs is taken', async () => {
    const { ytdlp, ffmpeg } = await search(['nowhere', 'broken', 'old', 'new']);
    expect(ytdlp).toMatchObject({
      path: folder.file('old/yt-dlp'),
      version: '2023.03.04',
      origin: 'PATH',
    });
    expect(ffmpeg).toEqual({
      path: folder.file('new/ffmpeg'),
      ffprobePath: folder.file('new/ffprobe'),
      version: '7.1-tessus',
    });
  });

  test('an ffmpeg without an ffprobe beside it uses the one on PATH', async () => {
    const { ffmpeg } = await search(['new'], { ffmpeg: folder.file('lonely/ffmpeg') });
    expect(ffmpeg.path).toBe(folder.file('lonely/ffmpeg'));
    expect(ffmpeg.ffprobePath).toBe(folder.file('new/ffprobe'));
  });

  test("youtube-dl-exec's own binary wins over PATH, and a setting over both", async () => {
    const bundled = await program('bundled/yt-dlp', '2026.03.01');
    const ytdlp = folder.file('old/yt-dlp');
    expect((await search(['new'])).ytdlp).toMatchObject({
      path: bundled,
      origin: 'youtube-dl-exec',
    });
    expect((await search(['new'], { ytdlp })).ytdlp).toMatchObject({
      path: ytdlp,
      origin: 'YTDLP_PATH',
    });
  });

  test("youtube-dl-exec's own binary does not count where it cannot run", async () => {
    await program('bundled/yt-dlp');
    expect((await search(['new'])).ytdlp.path).toBe(folder.file('new/yt-dlp'));
  });

  test('only a yt-dlp that knows --js-runtimes is given our Node', async () => {
    expect((await search(['old', 'new'])).ytdlp.jsRuntime).toBeNull();
    expect((await search(['new'])).ytdlp.jsRuntime).toBe(process.execPath);
  });

  test('a setting may be a name to look up on PATH', async () => {
    const { ytdlp } = await search(['new'], { ytdlp: 'yt-dlp' });
    expect(ytdlp).toMatchObject({ path: folder.file('new/yt-dlp'), origin: 'YTDLP_PATH' });
  });

  test('all missing tools are named at once, with what to install', async () => {
    await expect(search(['nowhere', 'broken'])).rejects.toMatchObject({
      name: 'ToolError',
      missing: ['yt-dlp', 'ffmpeg'],
      message:
        'yt-dlp and ffmpeg are missing: install with "apt-get install yt-dlp ffmpeg" (Debian) or "brew install yt-dlp ffmpeg" (macOS), then start again.',
    });
    await expect(search(['old', 'lonely'])).rejects.toMatchObject({ missing: ['ffmpeg'] });
  });

  test('a setting that names no working tool is told by its name, whatever PATH offers', async () => {
    await expect(search(['new'], { ytdlp: folder.file('broken/yt-dlp') })).rejects.toMatchObject({
      name: 'ToolError',
      missing: [],
      message: expect.stringMatching(
        /^YTDLP_PATH is .*broken\/yt-dlp, which does not run as yt-dlp/,
      ),
    });
    await expect(search(['new'], { ffmpeg: folder.file('new/yt-dlp') })).rejects.toThrow(
      'FFMPEG_PATH',
    );
  });
});

describe('the version of yt-dlp', () => {
  test.each([
    ['2026.08.19', 10, true],
    ['2026.08.19.232812\n', 10, true],
    ['2025.11.12', 290, true],
    ['2025.10.22', 311, false],
    // A clock that is behind makes nothing younger than today.
    ['2026.12.31', 0, true],
  ])('%j is %d days old', (text, ageDays, hasJsRuntimes) => {
    const facts = readYtdlpVersion(text, new Date('2026-08-29T12:00:00Z'));
    expect(facts).toMatchObject({ version: text.trim(), ageDays, hasJsRuntimes });
  });

  test.each(['', 'youtube-dl 3', '2026.8.1', '2026.08.19 (nightly)'])('%j is none', (text) => {
    expect(readYtdlpVersion(text, new Date())).toBeNull();
  });

  test('one older than 90 days is warned of, and one without a JavaScript runtime', () => {
    const ffmpeg = { path: '/f', ffprobePath: '/p', version: '7' };
    const warn = (ageDays: number, jsRuntime: string | null) =>
      warnings({
        ytdlp: { path: '/y', version: '2026.01.01', ageDays, jsRuntime, origin: 'PATH' },
        ffmpeg,
      });
    expect(warn(90, '/node')).toEqual([]);
    expect(warn(91, '/node')).toEqual([expect.stringContaining('is 91 days old')]);
    expect(warn(0, null)).toEqual([expect.stringContaining('no JavaScript runtime')]);
  });
});
