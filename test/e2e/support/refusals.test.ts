import { expect, test } from '@jest/globals';

import { openFolder } from '../../support/folder.ts';
import type { Refusal } from '../../support/youtube/refusals.ts';
import { startYouTube } from '../../support/youtube/server.ts';
import { video } from '../../support/youtube/video.ts';
import type { VideoDeclaration } from '../../support/youtube/video.ts';
import { printed, runYtDlpOn } from '../../support/ytdlp.ts';
import type { YtDlpResult } from '../../support/ytdlp.ts';

/** What yt-dlp's stderr says to each, in 2023.03.04 as in 2026.08.19. */
const words: Readonly<Record<Exclude<Refusal, 'live' | 'pageTooManyRequests'>, RegExp>> = {
  private: /Private video/,
  age: /Sign in to confirm your age/,
  bot: /Sign in to confirm you’re not a bot/,
  blockedAddress: /Your IP is likely being blocked|Skipping player response from android client/,
  unavailable: /Video unavailable. This video is unavailable/,
  removed: /removed by the uploader/,
  terminated: /has been terminated/,
  copyright: /copyright claim/,
  termsOfService: /Terms of Service/,
  members: /members-only content/,
  membersLevel: /channel's members on level/,
  musicPremium: /Music Premium members/,
  payment: /requires payment/,
  geo: /not made this video available in your country/,
  geoCopyright: /blocked it in your country/,
  upcoming: /live event will begin/,
  premiere: /Premieres in/,
  liveEnded: /live event has ended/,
  noRecording: /recording is not available/,
  drm: /DRM protected/,
  rateLimited: /content isn't available, try again later/,
  tooManyRequests: /HTTP Error 429/,
  playerTooManyRequests: /HTTP Error 429/,
  playerDown: /HTTP Error 503/,
  noFormats: /No video formats found!/,
};

const id = 'refused-0-1';

async function ask(declared: Omit<VideoDeclaration, 'id'>): Promise<YtDlpResult> {
  await using youtube = await startYouTube({ videos: [video({ id, ...declared })] });
  await using folder = await openFolder();
  return await runYtDlpOn({ id }, youtube, { folder: folder.path });
}

test.each(Object.keys(words) as (keyof typeof words)[])('%s: yt-dlp fails', async (refusal) => {
  expect(await ask({ refusal })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(words[refusal]),
  });
});

test('a live stream is known as one before anything is recorded', async () => {
  const result = await ask({ refusal: 'live' });
  expect(printed(result, 'pre')).toMatchObject({ live_status: 'is_live' });
  expect(result.exitCode).toBe(101);
});

test('a video beyond the limit is known by its duration before anything is downloaded', async () => {
  const result = await ask({ durationSeconds: 8_000 });
  expect(printed(result, 'pre')).toMatchObject({ duration: 8_000 });
  expect(result.exitCode).toBe(101);
});

test('a refused page alone does no harm', async () => {
  const result = await ask({ refusal: 'pageTooManyRequests' });
  expect(result.stderr).toMatch('HTTP Error 429');
  expect(result.exitCode).toBe(0);
});

test.each(['missing', 'garbage'] as const)('a %s thumbnail fails nothing', async (thumbnail) => {
  expect(await ask({ thumbnail })).toMatchObject({ exitCode: 0 });
});
