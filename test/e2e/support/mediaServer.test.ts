import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { eventually } from '../../support/eventually.ts';
import { openFolder } from '../../support/folder.ts';
import { startMediaServer } from '../../support/mediaServer.ts';
import type { MediaRoute, MediaServer } from '../../support/mediaServer.ts';
import { hearTones, tones } from '../../support/sound.ts';
import { outputOf, printed, runYtDlp } from '../../support/ytdlp.ts';

let server: MediaServer;
beforeAll(async () => {
  server = await startMediaServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** What the file of a route sounds like, by yt-dlp's generic extractor. */
async function listenTo(route: MediaRoute): Promise<number[]> {
  await using folder = await openFolder();
  const result = await runYtDlp({ url: server.url(route), folder: folder.path });
  return await hearTones(printed(result, 'file') as string);
}

async function failure(route: MediaRoute): Promise<string> {
  await using folder = await openFolder();
  const result = await runYtDlp({
    url: server.url(route),
    folder: folder.path,
    args: ['--socket-timeout', '1'],
  });
  return `exit ${result.exitCode}: ${outputOf(result)}`;
}

test.each(['ok', 'slow', 'cut', 'hls'] as const)('%s: the whole sound arrives', async (route) => {
  expect(await listenTo(route)).toEqual(tones(server.sound));
});

test('cut: the download is resumed where it broke', async () => {
  const before = server.requests('cut');
  await listenTo('cut');
  expect(server.requests('cut') - before).toBe(3);
});

test('truncated: half of the sound arrives, as if it were all', async () => {
  const half = await listenTo('truncated');
  expect(half.length).toBeLessThan(server.sound.seconds);
  expect(half).toEqual(tones(server.sound).slice(0, half.length));
});

test('held: nothing moves until it is released', async () => {
  server.hold();
  const heard = listenTo('held');
  await eventually('extraction and download', () => server.requests('held') === 2);
  await server.whenHeld();
  server.release();
  expect(await heard).toEqual(tones(server.sound));
});

test('downOnce: the first attempt fails, the second succeeds', async () => {
  expect(await failure('downOnce')).toMatch(/^exit 1.*HTTP Error 503/s);
  expect(await listenTo('downOnce')).toEqual(tones(server.sound));
});

test.each([
  ['missing', /HTTP Error 404/],
  ['forbidden', /HTTP Error 403/],
  ['stalled', /timed out/],
  ['page', /Unsupported URL/],
] as const)('%s: yt-dlp fails', async (route, words) => {
  expect(await failure(route)).toMatch(words);
});

test('redirect: unguarded, yt-dlp goes to the private neighbour', async () => {
  await failure('redirect');
  expect(server.privateRequests()).toBeGreaterThan(0);
});
