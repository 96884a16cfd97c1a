import { readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { startEgressGuard } from '../../../src/media/egress.ts';
import type { EgressGuard } from '../../../src/media/egress.ts';
import { fetchSource } from '../../../src/media/ytdlp.ts';
import type { FetchRequest } from '../../../src/media/ytdlp.ts';
import type { DownloadProgress } from '../../../src/media/ytdlpOutput.ts';
import {
  body,
  endless,
  stalled,
  startSite,
  turningSlow,
  videoPage,
} from '../../support/loopbackSite.ts';
import type { Answer, LoopbackSite } from '../../support/loopbackSite.ts';
import { processesIn } from '../../support/processes.ts';
import { soundFile } from '../../support/sound.ts';
import { openWorkplace } from '../../support/workplace.ts';
import type { TestWorkplace } from '../../support/workplace.ts';
import { startYouTube } from '../../support/youtube/server.ts';
import { video } from '../../support/youtube/video.ts';

// Some tests run yt-dlp twice, and others share the machine.

let sound: Buffer;
let workplace: TestWorkplace;
let site: LoopbackSite;
let guard: EgressGuard;

/** Filled anew by each test; `origin` is known only once the site runs. */
const answers: Record<string, Answer> = {};

beforeAll(async () => {
  sound = await readFile(await soundFile({ id: 'ytdlp-test', seconds: 20 }, 'm4a'));
});
beforeEach(async () => {
  workplace = await openWorkplace();
  answers['/sound.m4a'] = body('audio/mp4', sound);
  answers['/cover.png'] = body('image/png', 'not looked at here');
  site = await startSite(answers);
  guard = await openGuard(site.endpoint);
});
afterEach(async () => {
  await guard[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  for (const path of Object.keys(answers)) delete answers[path];
  await workplace[Symbol.asyncDispose]();
});

function openGuard(allowed: string): Promise<EgressGuard> {
  const silent = { warn: () => {}, debug: () => {} };
  const { allowedHosts } = parseAllowedHosts(allowed);
  return startEgressGuard({ allowedHosts, environment: {}, logger: silent });
}

function fetch(path: string, changes: Partial<FetchRequest> = {}) {
  return fetchSource({
    ...workplace,
    url: `${site.origin}${path}`,
    extractors: 'any',
    limits: { maxDurationSeconds: 3600, maxFilesizeBytes: 50_000_000 },
    wantCover: true,
    proxyUrl: guard.url,
    onSource: () => {},
    onBegun: () => {},
    onProgress: () => {},
    ...changes,
  });
}

async function failureOf(ended: Promise<unknown>): Promise<unknown> {
  return ended.then(
    (result) => result,
    (error: unknown) => error,
  );
}

describe('a video on a page', () => {
  beforeEach(() => {
    answers['/page'] = videoPage({
      name: 'Tïtle "q" \n \u202ertl 🎵 </script> $(touch pwned) `id` --exec',
      contentUrl: `${site.origin}/sound.m4a`,
      thumbnailUrl: `${site.origin}/cover.png`,
      duration: 'PT20S',
      author: 'An Author',
      uploadDate: '2024-01-02T03:04:05Z',
    });
  });

  test('gives sound, thumbnail and metadata in one run, before the download begins', async () => {
    const told: string[] = [];
    const steps: DownloadProgress[] = [];
    const { audioPath, coverPath, metadata } = await fetch('/page', {
      onSource: ({ title }) => told.push(title ?? ''),
      onProgress: (progress) => {
        expect(told).toHaveLength(1);
        steps.push(progress);
      },
    });
    expect(await readFile(audioPath)).toEqual(sound);
    expect(await readFile(coverPath ?? '', 'utf8')).toBe('not looked at here');
    expect(metadata).toEqual({
      title: 'Tïtle "q" \u202ertl 🎵 </script> $(touch pwned) `id` --exec',
      uploader: 'An Author',
      artist: 'An Author',
      track: null,
      album: null,
      durationSeconds: 20,
      thumbnailUrl: `${site.origin}/cover.png`,
      uploadDate: '20240102',
    });
    expect(told).toEqual([metadata.title]);
    const bytes = steps.map(({ bytesDone }) => bytesDone);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(steps.at(-1)).toMatchObject({ bytesDone: sound.length, bytesTotal: sound.length });
    expect(site.asked.filter((path) => path === '/page')).toHaveLength(1);
  });

  test('nothing in the folder can configure yt-dlp', async () => {
    await writeFile(workplace.file('yt-dlp.conf'), `--exec "touch ${workplace.file('pwned')}"`);
    await fetch('/page');
    await expect(stat(workplace.file('pwned'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('all traffic goes through the guard: what it refuses is never asked for', async () => {
  await using other = await startSite({ '/sound.m4a': body('audio/mp4', sound) });
  answers['/moved'] = (response) => {
    response.writeHead(302, { location: `${other.origin}/sound.m4a` }).end();
  };
  expect(await failureOf(fetch('/moved'))).toMatchObject({ code: 'UNSUPPORTED_SITE' });
  expect(other.asked).toEqual([]);
});

test('a YouTube job makes no request for anything else', async () => {
  const failure = await failureOf(fetch('/sound.m4a', { extractors: 'youtube' }));
  expect(failure).toMatchObject({ code: 'UNSUPPORTED_SITE' });
  expect(site.asked).toEqual([]);
});

test('an address that looks like an option is none', async () => {
  const url = `--exec=touch ${workplace.file('pwned')}`;
  const failure = await failureOf(fetch('', { url }));
  expect(failure).toMatchObject({ code: 'UNSUPPORTED_SITE' });
  await expect(stat(workplace.file('pwned'))).rejects.toMatchObject({ code: 'ENOENT' });
});

describe('a download that goes wrong', () => {
  const patience = { stallMs: 1_500, coverMs: 1_500 };
  // Where nothing stalls, a slow machine must not look as if something did.
  const patienceFor = (code: string) => (code === 'NETWORK' ? { patience } : {});

  test.each([
    ['a page without a video', body('text/html', '<title>nothing</title>'), 'UNSUPPORTED_SITE'],
    ['a missing page', undefined, 'UNAVAILABLE'],
    ['a server in trouble', (response) => response.writeHead(503).end(), 'NETWORK'],
    ['a server that wants peace', (response) => response.writeHead(429).end(), 'RATE_LIMITED'],
    ['an endless body', endless('audio/mp4'), 'TOO_LARGE'],
    ['a large body', body('audio/mp4', Buffer.alloc(5_000_001)), 'TOO_LARGE'],
    ['a body that stops coming', stalled('audio/mp4', Buffer.alloc(2_000)), 'NETWORK'],
    ['a server that never answers', () => {}, 'NETWORK'],
  ] as [string, Answer | undefined, string][])('%s', async (_what, answer, code) => {
    if (answer) answers['/it'] = answer;
    const limits = { maxDurationSeconds: 3600, maxFilesizeBytes: 5_000_000 };
    expect(await failureOf(fetch('/it', { limits, ...patienceFor(code) }))).toMatchObject({ code });
  });

  test('a source that turns slow is waited for', async () => {
    const whole = Buffer.alloc(500_000);
    answers['/it'] = turningSlow('audio/mp4', whole, {
      fastBytes: 262_144,
      bytesPerSecond: 30_000,
    });
    const fetched = await fetch('/it', { patience: { stallMs: 5_000, coverMs: 5_000 } });
    expect((await stat(fetched.audioPath)).size).toBe(whole.length);
  });

  test('a connection that breaks each time is NETWORK', async () => {
    answers['/it'] = (response) => {
      response.writeHead(200, { 'content-type': 'audio/mp4', 'content-length': sound.length });
      response.write(sound.subarray(0, 50_000), () => response.destroy());
    };
    expect(await failureOf(fetch('/it'))).toMatchObject({ code: 'NETWORK' });
  });

  test('several videos behind one address are refused before the download', async () => {
    answers['/it'] = body(
      'text/html',
      `<title>two</title><video src="${site.origin}/sound.m4a"></video><video src="${site.origin}/2.mp4"></video>`,
    );
    expect(await failureOf(fetch('/it'))).toMatchObject({ code: 'UNSUPPORTED_SITE' });
  });

  test('too long a video is refused before the download', async () => {
    const contentUrl = `${site.origin}/sound.m4a`;
    answers['/it'] = videoPage({ name: 'long', contentUrl, duration: 'PT2H' });
    expect(await failureOf(fetch('/it'))).toMatchObject({ code: 'TOO_LONG' });
  });

  test('the deadline is TIMED_OUT', async () => {
    answers['/it'] = stalled('audio/mp4', Buffer.alloc(2_000));
    const failure = await failureOf(fetch('/it', { timeoutMs: 1_500 }));
    expect(failure).toMatchObject({ code: 'TIMED_OUT' });
  });

  test('an abort in the middle leaves no process within a second', async () => {
    answers['/it'] = stalled('audio/mp4', Buffer.alloc(70_000));
    const begun = Promise.withResolvers<void>();
    const ended = failureOf(fetch('/it', { onProgress: () => begun.resolve() }));
    await begun.promise;
    expect(await processesIn(workplace.folder)).not.toEqual([]);
    const abortedAt = performance.now();
    workplace.abort(new Error('canceled'));
    expect(await ended).toEqual(new Error('canceled'));
    expect(performance.now() - abortedAt).toBeLessThan(1_000);
    expect(await processesIn(workplace.folder)).toEqual([]);
  });
});

describe('a cover never fails a job', () => {
  test.each([
    ['missing', '/nowhere.jpg', undefined],
    ['refused by the guard', 'http://169.254.169.254/latest.jpg', undefined],
    ['never answered', '/hangs.jpg', () => {}],
    ['without an end', '/endless.jpg', endless('image/jpeg')],
    ['called like the sound', '/thumbnail.m4a', stalled('audio/mp4', Buffer.alloc(2_000))],
  ] as [string, string, Answer | undefined][])(
    'a thumbnail that is %s',
    async (_what, thumbnail, answer) => {
      if (answer) answers[thumbnail] = answer;
      const thumbnailUrl = new URL(thumbnail, site.origin).href;
      const contentUrl = `${site.origin}/sound.m4a`;
      answers['/page'] = videoPage({ name: 'A video', contentUrl, thumbnailUrl });
      const told: unknown[] = [];
      const fetched = await fetch('/page', {
        patience: { stallMs: 10_000, coverMs: 1_500 },
        onSource: (metadata) => told.push(metadata),
      });
      expect(fetched.coverPath).toBeNull();
      expect(await readFile(fetched.audioPath)).toEqual(sound);
      expect(told).toHaveLength(1);
    },
  );

  test('no thumbnail is asked for when none is wanted', async () => {
    const urls = {
      contentUrl: `${site.origin}/sound.m4a`,
      thumbnailUrl: `${site.origin}/cover.png`,
    };
    answers['/page'] = videoPage({ name: 'A video', ...urls });
    expect((await fetch('/page', { wantCover: false })).coverPath).toBeNull();
    expect(site.asked).not.toContain('/cover.png');
  });
});

describe('a yt-dlp that misbehaves', () => {
  const fake = (name: string) => ({
    path: fileURLToPath(new URL(`../../support/bin/${name}`, import.meta.url)),
    version: '2026.10.26',
    jsRuntime: null,
  });

  test('exit code 0 without a file is no success', async () => {
    const failure = await failureOf(fetch('/it', { ytdlp: fake('tells') }));
    expect(failure).toMatchObject({ code: 'OUTPUT_INVALID' });
  });

  test('an exit code without known words is INTERNAL, with the words for the log', async () => {
    const failure = await failureOf(fetch('/it', { ytdlp: fake('fails') }));
    expect(failure).toMatchObject({ code: 'INTERNAL', facts: { exitCode: 3 } });
    expect(JSON.stringify(failure)).toContain('final');
  });

  test('one that hangs in silence is ended', async () => {
    const patience = { stallMs: 1_000, coverMs: 1_000 };
    const failure = await failureOf(fetch('/it', { ytdlp: fake('hangs'), patience }));
    expect(failure).toMatchObject({ code: 'NETWORK' });
  });
});

describe("YouTube's own extractor", () => {
  test.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])(
    'trusts the certificates of %s, and finds sound, title and thumbnail',
    async (variable) => {
      const declared = video({ id: 'tape-deck-1', title: 'A song' });
      await using youtube = await startYouTube({ videos: [declared] });
      const { metadata, coverPath } = await fetch('', {
        url: 'https://www.youtube.com/watch?v=tape-deck-1',
        extractors: 'youtube',
        proxyUrl: youtube.proxyUrl,
        hostEnvironment: { ...workplace.hostEnvironment, [variable]: youtube.caFile },
      });
      expect(metadata).toMatchObject({
        title: 'A song',
        uploader: 'Tapedeck Test Channel',
        durationSeconds: 20,
        uploadDate: '20240517',
      });
      expect(coverPath).not.toBeNull();
      expect(youtube.refusedHosts).toEqual([]);
    },
  );
});
