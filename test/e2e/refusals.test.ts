// What a caller is told when a video cannot be had: the right reason, at once where waiting does not help, and
// with the time of the next attempt where it may. One case a reason: all the wordings of a site are recorded
// samples in test/unit/media/failures.test.ts.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { act, follow, requestMp3 } from '../support/caller.ts';
import type { SeenFrame } from '../support/caller.ts';
import type { Delivery } from '../support/delivery.ts';
import { expectNothingDisclosed } from '../support/disclosure.ts';
import { openFolder } from '../support/folder.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';
import type { VideoDeclaration } from '../support/youtube/video.ts';

/** Waiting does not help: the job ends with its first attempt. */
const hopeless = {
  UNAVAILABLE: /not available any more/,
  PRIVATE: /is private/,
  AGE_RESTRICTED: /age-restricted/,
  GEO_BLOCKED: /blocked in this server's country/,
  MEMBERS_ONLY: /paying members/,
  LIVE_STREAM: /is a live stream/,
  UPCOMING: /has not started yet/,
  NO_AUDIO: /has no sound/,
  TOO_LONG: /longer than this server accepts/,
  TOO_LARGE: /larger than this server accepts/,
} as const;
/** Waiting may help: another attempt is planned. */
const transient = {
  BOT_CHECK: /takes this server for a robot/,
  RATE_LIMITED: /asks this server to slow down/,
  NETWORK: /connection to the site failed/,
  EXTRACTOR_OUTDATED: /has to update yt-dlp/,
  TRANSCODE_FAILED: /could not be converted/,
  OUTPUT_INVALID: /result was incomplete/,
} as const;
type Code = keyof typeof hopeless | keyof typeof transient;

/** With these limits a video of 100 seconds is too large, and none that is not too long takes a while to make. */
const limits = { MAX_DURATION_SECONDS: '120', MAX_FILESIZE_MB: '1' };
/** So many refusals in a row pause the lane of the site; then the next one has its turn after a second. */
const shortPause = { LANE_PAUSE_SECONDS: '1' };

const cases: readonly { what: string; code: Code; facts: Omit<VideoDeclaration, 'id'> }[] = [
  { what: 'a private video', code: 'PRIVATE', facts: { refusal: 'private' } },
  { what: 'one for adults', code: 'AGE_RESTRICTED', facts: { refusal: 'age' } },
  { what: 'one for members', code: 'MEMBERS_ONLY', facts: { refusal: 'members' } },
  { what: 'one for other countries', code: 'GEO_BLOCKED', facts: { refusal: 'geo' } },
  { what: 'one that is gone', code: 'UNAVAILABLE', facts: { refusal: 'removed' } },
  { what: 'one that never was', code: 'UNAVAILABLE', facts: { refusal: 'unavailable' } },
  { what: 'a live stream', code: 'LIVE_STREAM', facts: { refusal: 'live' } },
  { what: 'a planned stream', code: 'UPCOMING', facts: { refusal: 'upcoming' } },
  { what: 'a picture without sound', code: 'NO_AUDIO', facts: { formats: ['video only'] } },
  { what: 'a promise of sound', code: 'NO_AUDIO', facts: { formats: ['mp4 without sound'] } },
  { what: 'an hour of video', code: 'TOO_LONG', facts: { durationSeconds: 3_600 } },
  { what: 'a large file', code: 'TOO_LARGE', facts: { durationSeconds: 100 } },
  { what: 'a file without an end', code: 'TOO_LARGE', facts: { media: { kind: 'endless' } } },
  { what: 'a check for robots', code: 'BOT_CHECK', facts: { refusal: 'bot' } },
  { what: 'another video instead', code: 'BOT_CHECK', facts: { refusal: 'blockedAddress' } },
  { what: 'a site that says 429', code: 'RATE_LIMITED', facts: { refusal: 'tooManyRequests' } },
  { what: 'media that says 429', code: 'RATE_LIMITED', facts: { media: status(429) } },
  { what: 'media that says 403', code: 'EXTRACTOR_OUTDATED', facts: { media: status(403) } },
  { what: 'a site that says 503', code: 'NETWORK', facts: { refusal: 'playerDown' } },
  {
    what: 'a broken connection',
    code: 'NETWORK',
    facts: { media: { kind: 'cut', times: Infinity } },
  },
  { what: 'half of a file', code: 'OUTPUT_INVALID', facts: { media: { kind: 'truncated' } } },
  { what: 'noise in a file', code: 'TRANSCODE_FAILED', facts: { media: { kind: 'corrupt' } } },
];
const isHopeless = ({ code }: { code: Code }) => code in hopeless;

function status(code: number): Delivery {
  return { kind: 'status', status: code, times: Infinity };
}

const stack = new AsyncDisposableStack();
/** All frames of each case's stream, by its name. */
const streams = new Map<string, Promise<SeenFrame[]>>();
let folder: string;

beforeAll(async () => {
  folder = stack.use(await openFolder()).path;
  const videos = cases.map(({ facts }, index) =>
    video({ id: `refused-${String(index).padStart(3, '0')}`, ...facts }),
  );
  const youtube = stack.use(await startYouTube({ videos }));
  const { url } = stack.use(
    await startTapedeck({
      dataFolder: folder,
      settings: { ...youtube.environment, ...limits, ...shortPause, WORKER_CONCURRENCY: '2' },
    }),
  );
  cases.forEach(({ what }, index) => {
    const stream = watchOneAttempt(url, `https://youtu.be/${videos[index]?.id}`);
    // Its test is told; until then nobody waits for it.
    stream.catch(() => {});
    streams.set(what, stream);
  });
});
afterAll(() => stack.disposeAsync());

/** Follows a job to its end, which comes after one attempt: what would be tried again is canceled. */
async function watchOneAttempt(url: string, videoUrl: string): Promise<SeenFrame[]> {
  const { job } = await requestMp3(url, videoUrl);
  await using stream = follow(url, job.id);
  const frames: SeenFrame[] = [];
  for await (const frame of stream) {
    frames.push(frame);
    if (isTriedAgain(frame)) await act(url, 'cancelJob', job.id);
  }
  return frames;
}

/** Without an attempt it only waits in the paused lane of its site. */
const isTriedAgain = ({ job }: SeenFrame) => job.attempt > 0 && job.nextAttemptAt !== null;

const framesOf = async (what: string): Promise<SeenFrame[]> => (await streams.get(what)) ?? [];

describe('ends with its first attempt, for good:', () => {
  test.each(cases.filter(isHopeless))('$what ($code)', async ({ what, code }) => {
    const last = (await framesOf(what)).at(-1);
    expect(last).toMatchObject({
      isFinal: true,
      job: {
        status: 'FAILED',
        failure: {
          code,
          message: expect.stringMatching(hopeless[code as keyof typeof hopeless]),
          isRetryable: false,
        },
        attempt: 1,
        nextAttemptAt: null,
        result: null,
      },
    });
  });
});

describe('is tried again later:', () => {
  test.each(cases.filter((each) => !isHopeless(each)))('$what ($code)', async ({ what, code }) => {
    const frames = await framesOf(what);
    const waiting = frames.find(isTriedAgain);
    expect(waiting).toMatchObject({
      isFinal: false,
      job: {
        status: 'QUEUED',
        failure: {
          code,
          message: expect.stringMatching(transient[code as keyof typeof transient]),
          isRetryable: true,
          occurredAt: expect.any(String),
        },
        attempt: 1,
        maxAttempts: 5,
      },
    });
    const { failure, nextAttemptAt } = waiting?.job ?? {};
    const delayMs = Date.parse(nextAttemptAt ?? '') - Date.parse(failure?.occurredAt ?? '');
    // A site that refuses us is left alone for a minute, less the jitter.
    const isRefusedByTheSite = code === 'BOT_CHECK' || code === 'RATE_LIMITED';
    expect(delayMs).toBeGreaterThanOrEqual(0.75 * (isRefusedByTheSite ? 60_000 : 5_000));
    expect(frames.at(-1)).toMatchObject({
      isFinal: true,
      job: { status: 'CANCELED', failure: { code }, attempt: 1, nextAttemptAt: null },
    });
  });
});

test('no frame holds a path, a command, or a host of ours', async () => {
  const frames = await Promise.all(cases.map(({ what }) => framesOf(what)));
  expectNothingDisclosed(JSON.stringify(frames), {
    config: { databaseUrl: null },
    dataFolder: folder,
  });
});
