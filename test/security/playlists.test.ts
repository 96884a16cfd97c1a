// Files that name other files: playlists, manifests and scripts whose parts would be ours. With the real yt-dlp as a job
// runs it, but outside of the sandbox, which would hide the file anyway.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseAllowedHosts } from '../../src/domain/allowedHosts.ts';
import { startEgressGuard } from '../../src/media/egress.ts';
import type { EgressGuard } from '../../src/media/egress.ts';
import { probeSource } from '../../src/media/probe.ts';
import { fetchSource } from '../../src/media/ytdlp.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';
import { body, startSite } from '../support/loopbackSite.ts';
import type { Answer, LoopbackSite } from '../support/loopbackSite.ts';
import { openWorkplace } from '../support/workplace.ts';

const secret = 'the password of the database';
const stack = new AsyncDisposableStack();
const answers: Record<string, Answer> = {};
let secrets: Folder;
let site: LoopbackSite;
/** A service of ours that is not allowed. */
let neighbour: LoopbackSite;
let guard: EgressGuard;
beforeAll(async () => {
  secrets = stack.use(await openFolder());
  await writeFile(secrets.file('secret.ts'), secret);
  neighbour = stack.use(await startSite({ '/secret.ts': body('video/mp2t', secret) }));
  site = stack.use(await startSite(answers));
  guard = stack.use(
    await startEgressGuard({
      allowedHosts: parseAllowedHosts(site.endpoint).allowedHosts,
      environment: {},
      logger: { warn: () => {}, debug: () => {} },
    }),
  );
});
afterAll(() => stack.disposeAsync());

const hls = (...lines: readonly string[]) => ['#EXTM3U', ...lines, '#EXT-X-ENDLIST', ''].join('\n');
const dash = (url: string) =>
  `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S">
   <Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1" codecs="mp4a.40.2">
   <BaseURL>${url}</BaseURL></Representation></AdaptationSet></Period></MPD>`;
const m3u8 = 'application/vnd.apple.mpegurl';

const traps: Readonly<Record<string, readonly [type: string, make: (url: string) => string]>> = {
  'a playlist with a part': [m3u8, (url) => hls('#EXTINF:9,', url)],
  'a playlist with a key': [
    m3u8,
    (url) => hls(`#EXT-X-KEY:METHOD=AES-128,URI="${url}"`, '#EXTINF:9,', '/part.ts'),
  ],
  'a playlist with a beginning': [
    m3u8,
    (url) => hls(`#EXT-X-MAP:URI="${url}"`, '#EXTINF:9,', '/part.ts'),
  ],
  'a playlist of playlists': [m3u8, (url) => hls('#EXT-X-STREAM-INF:BANDWIDTH=1', url)],
  'a manifest of DASH': ['application/dash+xml', dash],
  'a page with a player': [
    'text/html',
    (url) => `<html><head><title>x</title></head><body><audio src="${url}"></audio></body></html>`,
  ],
};
const targets: Readonly<Record<string, () => string>> = {
  'a file of ours': () => `file://${secrets.file('secret.ts')}`,
  'a file of ours, concatenated': () => `concat:${secrets.file('secret.ts')}`,
  'a service of ours': () => `${neighbour.origin}/secret.ts`,
};
const cases = Object.keys(traps).flatMap((trap) =>
  Object.keys(targets).map((target) => [trap, target] as const),
);

async function everythingIn(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const contents = files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1'));
  return (await Promise.all(contents)).join('\n');
}

test.each(cases)('%s that is %s brings nothing of it', async (trap, target) => {
  await using workplace = await openWorkplace();
  const [type, make] = traps[trap] ?? ['', () => ''];
  const url = targets[target]?.() ?? '';
  answers['/trap'] = body(type, make(url));
  answers['/part.ts'] = body('video/mp2t', Buffer.alloc(188 * 16, 'G'));
  const askedBefore = site.asked.length;
  let words = '';
  try {
    const source = await fetchSource({
      ...{ ...workplace, url: `${site.origin}/trap`, extractors: 'any', proxyUrl: guard.url },
      limits: { maxDurationSeconds: 3600, maxFilesizeBytes: 1_000_000 },
      wantCover: true,
      onSource: (seen) => void (words += JSON.stringify(seen)),
      onBegun: () => {},
      onProgress: () => {},
    });
    await probeSource(source.audioPath, source.metadata, workplace);
  } catch (error) {
    words += JSON.stringify(error);
  }
  // It was looked at, so that a trap which nobody walks into proves nothing.
  expect(site.asked.slice(askedBefore)).toContain('/trap');
  expect((await everythingIn(workplace.folder)) + words).not.toContain(secret);
  expect(neighbour.asked).toEqual([]);
});
