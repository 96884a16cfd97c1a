import { describe, expect, test } from '@jest/globals';

import type { JobFailureCode } from '../../../src/domain/failure.ts';
import { classify, failureRows } from '../../../src/media/failures.ts';
import { readSamples } from '../../support/samples.ts';

/** Recorded against the stand-in for YouTube, in every version that there is a recording of. */
const recorded: Readonly<Record<string, JobFailureCode>> = {
  age: 'AGE_RESTRICTED',
  blockedAddress: 'BOT_CHECK',
  bot: 'BOT_CHECK',
  copyright: 'UNAVAILABLE',
  diskFull: 'STORAGE_FULL',
  distrusted: 'NETWORK',
  drm: 'UNAVAILABLE',
  geo: 'GEO_BLOCKED',
  geoCopyright: 'GEO_BLOCKED',
  incompleteId: 'UNSUPPORTED_SITE',
  liveEnded: 'UNAVAILABLE',
  mediaCut: 'NETWORK',
  mediaDown: 'NETWORK',
  mediaForbidden: 'EXTRACTOR_OUTDATED',
  mediaStalled: 'NETWORK',
  mediaTooManyRequests: 'RATE_LIMITED',
  members: 'MEMBERS_ONLY',
  membersLevel: 'MEMBERS_ONLY',
  musicPremium: 'MEMBERS_ONLY',
  noFormats: 'EXTRACTOR_OUTDATED',
  noRecording: 'UNAVAILABLE',
  payment: 'MEMBERS_ONLY',
  playerDown: 'NETWORK',
  playerTooManyRequests: 'RATE_LIMITED',
  premiere: 'UPCOMING',
  private: 'PRIVATE',
  rateLimited: 'RATE_LIMITED',
  removed: 'UNAVAILABLE',
  terminated: 'UNAVAILABLE',
  termsOfService: 'UNAVAILABLE',
  tooManyRequests: 'RATE_LIMITED',
  unavailable: 'UNAVAILABLE',
  unsupportedUrl: 'UNSUPPORTED_SITE',
  upcoming: 'UPCOMING',
};

/** What the tools say elsewhere: [where it was seen, its stderr, the code]. */
const seen: readonly (readonly [string, string, JobFailureCode])[] = [
  [
    'yt-dlp 2023, a page on a private address, by the guard',
    `ERROR: [generic] None: Unable to download webpage: HTTP Error 403: Blocked by egress guard: private (caused by <HTTPError 403: 'Blocked by egress guard: private'>); please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q=`,
    'UNSUPPORTED_SITE',
  ],
  [
    'yt-dlp 2026, an https page on a private address, by the guard',
    `ERROR: [generic] x: Unable to download webpage: Tunnel connection failed: 403 Blocked by egress guard: private (caused by TransportError('Tunnel connection failed: 403 Blocked by egress guard: private'))`,
    'UNSUPPORTED_SITE',
  ],
  [
    'both, at the file limit',
    'ERROR: unable to write data: [Errno 27] File too large',
    'TOO_LARGE',
  ],
  ['both, at the memory limit', 'WARNING: [generic] Falling back\nERROR: ', 'TOO_LARGE'],
  [
    'yt-dlp 2026, source of the generic extractor',
    'ERROR: [generic] Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with  --extractor-args "generic:impersonate"',
    'BOT_CHECK',
  ],
  [
    'yt-dlp 2023, source: raise_geo_restricted',
    'ERROR: [x] 1: This video is not available from your location due to geo restriction',
    'GEO_BLOCKED',
  ],
  [
    'yt-dlp 2023, source: raise_login_required',
    'ERROR: [x] 1: This video is only available for registered users. Use --cookies-from-browser or --cookies for the authentication',
    'SIGN_IN_REQUIRED',
  ],
  [
    'yt-dlp 2023, a page that is not there',
    `ERROR: [generic] None: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404: 'Not Found'>); please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q=`,
    'UNAVAILABLE',
  ],
  [
    'both, a page without a video',
    'ERROR: Unsupported URL: http://127.0.0.1/page',
    'UNSUPPORTED_SITE',
  ],
  [
    'yt-dlp 2026, a file URL',
    'ERROR: file:// URLs are disabled by default in yt-dlp for security reasons. Use --enable-file-urls to enable at your own risk.',
    'UNSUPPORTED_SITE',
  ],
  [
    'yt-dlp, source of the HLS downloader',
    'ERROR: m3u8 download detected but ffmpeg could not be found. Please install',
    'UNSUPPORTED_SITE',
  ],
  [
    'ffmpeg 5.1, a film without sound',
    "Stream map '0:a:0' matches no streams.\nTo ignore this, add a trailing '?' to the map.",
    'NO_AUDIO',
  ],
  [
    'yt-dlp 2026, YouTube refuses the address',
    'ERROR: [youtube] sample-0001: Unable to download API page: HTTP Error 403: Forbidden (caused by <HTTPError 403: Forbidden>)',
    'BOT_CHECK',
  ],
  [
    'yt-dlp 2026, a page behind a lock',
    'ERROR: [generic] s403: Unable to download webpage: HTTP Error 403: Forbidden (caused by <HTTPError 403: Forbidden>)',
    'UNAVAILABLE',
  ],
  [
    'yt-dlp 2023, nobody listens',
    `ERROR: [generic] None: Unable to download webpage: <urlopen error [Errno 111] Connection refused> (caused by URLError(ConnectionRefusedError(111, 'Connection refused')))`,
    'NETWORK',
  ],
  [
    'yt-dlp 2026, no such host',
    `ERROR: [generic] x: Unable to download webpage: [Errno -2] Name or service not known (caused by TransportError('[Errno -2] Name or service not known'))`,
    'NETWORK',
  ],
  [
    'both, cut in the middle',
    'ERROR: \n[download] Got error: Downloaded 200000 bytes, expected 973992 bytes. Giving up after 3 retries',
    'NETWORK',
  ],
  ['yt-dlp 2023, a lost piece', 'ERROR: fragment 1 not found, unable to continue', 'NETWORK'],
  [
    'yt-dlp, an error that its authors did not foresee',
    "ERROR: An extractor error has occurred. (caused by KeyError('url')); please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q=",
    'EXTRACTOR_OUTDATED',
  ],
  ["yt-dlp, a site's own words", 'ERROR: [vimeo:album] 1: The album was deleted', 'UNAVAILABLE'],
  [
    'ffmpeg 5.1, a full disk',
    'av_interleaved_write_frame(): No space left on device',
    'STORAGE_FULL',
  ],
];

const failed = { exitCode: 1, signal: null } as const;
const samples = readSamples().filter(({ exitCode, name }) => exitCode === 1 && name in recorded);

test.each(samples)('yt-dlp $version, $name', ({ name, stderr }) => {
  expect(classify({ ...failed, lines: stderr.split('\n') }, 'INTERNAL')).toBe(recorded[name]);
});

test.each(seen)('%s', (_where, stderr, code) => {
  expect(classify({ ...failed, lines: stderr.split('\n') }, 'INTERNAL')).toBe(code);
});

test('every recorded refusal is judged above', () => {
  const names = new Set(samples.map(({ name }) => name));
  expect(Object.keys(recorded).filter((name) => !names.has(name))).toEqual([]);
});

test('no row stands without a sample that it decides', () => {
  const texts = [...samples.map(({ stderr }) => stderr), ...seen.map(([, stderr]) => stderr)];
  const deciding = new Set(
    texts.map((text) => failureRows.find(([, row]) => row.test(text.replaceAll('’', "'")))),
  );
  expect(failureRows.filter((row) => !deciding.has(row)).map(String)).toEqual([]);
});

describe('without the words of a tool', () => {
  test('a killed file limit is TOO_LARGE', () => {
    expect(classify({ exitCode: null, signal: 'SIGXFSZ', lines: [] }, 'INTERNAL')).toBe(
      'TOO_LARGE',
    );
  });

  test.each([126, 127])(
    'exit code %p is a fault of the installation, whatever is said',
    (exitCode) => {
      const lines = ['setpriv: failed to execute /usr/bin/yt-dlp: No such file or directory'];
      expect(classify({ exitCode, signal: null, lines }, 'TRANSCODE_FAILED')).toBe('INTERNAL');
    },
  );

  test('the code for "nothing fits" is the caller\'s', () => {
    expect(classify({ ...failed, lines: ['who knows'] }, 'TRANSCODE_FAILED')).toBe(
      'TRANSCODE_FAILED',
    );
  });

  test('a missing thumbnail and the missing ffmpeg are not the cause of anything', () => {
    const lines = [
      'WARNING: ffmpeg-location /job/none does not exist! Continuing without ffmpeg',
      'WARNING: Unable to download video thumbnail 0: HTTP Error 404: Not Found',
    ];
    expect(classify({ ...failed, lines }, 'INTERNAL')).toBe('INTERNAL');
  });
});
