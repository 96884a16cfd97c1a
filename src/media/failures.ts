// The one table from what yt-dlp and ffmpeg say to our failure codes; what follows from a code is
// said in src/domain/failure.ts.

import type { JobFailureCode } from '../domain/failure.ts';
import { egressRefusal } from './egress.ts';

/**
 * The first row that matches wins, so the order matters: old versions of yt-dlp add "please report
 * this issue" to network errors, and a slow site ends as "No video formats found" with the time-out
 * in a mere warning. Each row has a recorded sample in test/unit/media/failures.test.ts.
 */
export const failureRows: readonly (readonly [code: JobFailureCode, pattern: RegExp])[] = [
  // The guard refuses private addresses and, unless all are allowed, other hosts. Redirects count.
  ['UNSUPPORTED_SITE', new RegExp(egressRefusal, 'i')],
  ['STORAGE_FULL', /\[Errno (28|122)\]|No space left on device|Disk quota exceeded/i],
  // The launcher's limits: errno 27 is that of a file; that of memory ends in an error without words.
  ['TOO_LARGE', /\[Errno 27\]|File too large|(^|\n)ERROR: $/],
  ['BOT_CHECK', /Sign in to confirm you'?re not a bot|Your IP is likely being blocked/i],
  ['BOT_CHECK', /Skipping player responses? from .*\(got player responses? for video/i],
  ['BOT_CHECK', /Cloudflare anti-bot challenge/i],
  ['RATE_LIMITED', /HTTP Error 429|isn't available, try again later|rate-limited by YouTube/i],
  ['AGE_RESTRICTED', /Sign in to confirm your age|age-restricted|inappropriate for some users/i],
  ['PRIVATE', /Private video|video is private/i],
  ['MEMBERS_ONLY', /members-only content|members on level|Music Premium members/i],
  ['MEMBERS_ONLY', /requires payment/i],
  ['GEO_BLOCKED', /not made this video available in your country|blocked it in your country/i],
  ['GEO_BLOCKED', /geo.?restrict|HTTP Error 451/i],
  ['UPCOMING', /live event will begin|Premieres in/i],
  ['SIGN_IN_REQUIRED', /only available for registered users|--cookies|HTTP Error 401/i],
  ['UNAVAILABLE', /Video unavailable|removed by the uploader|live event has ended/i],
  ['UNAVAILABLE', /recording is not available|DRM protected/i],
  ['UNAVAILABLE', /Unable to download [^:]+: HTTP Error 4(04|10)/i],
  ['UNSUPPORTED_SITE', /No suitable extractor|is not a valid URL|Unsupported URL/i],
  ['UNSUPPORTED_SITE', /file:\/\/ URLs are (explicitly )?disabled/i],
  // What yt-dlp cannot download by itself: it is given no ffmpeg (see ytdlpFlags.ts).
  ['UNSUPPORTED_SITE', /ffmpeg could not be found/i],
  ['NO_AUDIO', /matches no streams|does not contain any stream/i],
  // An expired or refused media URL: a fresh extraction may help, and if not, only a newer yt-dlp.
  ['EXTRACTOR_OUTDATED', /(unable to download video data|Got error): HTTP Error 403/i],
  ['BOT_CHECK', /\[youtube.*HTTP Error 403/i],
  ['UNAVAILABLE', /Unable to download [^:]+: HTTP Error 403/i],
  ['NETWORK', /HTTP Error 5\d\d|Tunnel connection failed|Unable to connect to proxy/i],
  ['NETWORK', /timed out|Connection (refused|reset|aborted)|Remote end closed/i],
  ['NETWORK', /Name or service not known|name resolution|unreachable|CERTIFICATE_VERIFY_FAILED/i],
  ['NETWORK', /\d more expected|Downloaded \d+ bytes, expected|Giving up after/i],
  ['NETWORK', /fragment \d+ not found|Unable to download (API page|webpage|video data)/i],
  ['EXTRACTOR_OUTDATED', /No video formats found|Requested format is not available/i],
  ['EXTRACTOR_OUTDATED', /please report this issue/i],
  // Any other error with an extractor's name is the site's own word about the video.
  ['UNAVAILABLE', /(^|\n)ERROR: \[[\w:+.-]+\] /],
];

/** Says nothing about the video: a missing thumbnail, and the ffmpeg that yt-dlp must not find. */
const aside = /thumbnail|ffmpeg-location/i;

/**
 * What a tool failed of that ended with an exit code other than 0, or by a signal that was not ours.
 * `lines` is its stderr, warnings included; `otherwise` is the code when nothing in the table fits.
 */
export function classify(
  ended: {
    readonly exitCode: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly lines: readonly string[];
  },
  otherwise: JobFailureCode,
): JobFailureCode {
  if (ended.signal === 'SIGXFSZ') return 'TOO_LARGE';
  // The launcher's limit of processor time.
  if (ended.signal === 'SIGXCPU') return 'TIMED_OUT';
  // The launcher or the sandbox could not start the tool: a fault of this installation.
  if (ended.exitCode === 126 || ended.exitCode === 127) return 'INTERNAL';
  if (ended.lines.some((line) => line.startsWith('bwrap: '))) return 'INTERNAL';
  const said = ended.lines
    .filter((line) => !aside.test(line))
    .join('\n')
    .replaceAll('’', "'");
  return failureRows.find(([, pattern]) => pattern.test(said))?.[0] ?? otherwise;
}
