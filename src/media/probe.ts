// Asks ffprobe about a file: what a downloaded source holds, and whether a finished MP3 is whole.
// It decodes nothing; a whole MP3 is told by counting its packets, a quarter of a second for an hour of sound.

import { AttemptFailure } from '../domain/failure.ts';
import { childEnvironment } from './environment.ts';
import type { HostEnvironment } from './environment.ts';
import { classify } from './failures.ts';
import { frameSamples } from './mp3/frames.ts';
import { run, withArguments } from './process.ts';
import type { Sandbox } from './sandbox.ts';

/** ffmpeg as found on this machine. */
export type Ffmpeg = {
  readonly path: string;
  readonly ffprobePath: string;
  /** What it runs in; it sees all that we see without one. */
  readonly sandbox?: Sandbox | null;
};

/** Where and how long a tool works. */
export type Workplace = {
  readonly ffmpeg: Ffmpeg;
  /** The attempt's work folder. */
  readonly folder: string;
  readonly hostEnvironment: HostEnvironment;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
};

/**
 * ffmpeg reads files of strangers: no network, and only demuxers of plain containers. A playlist
 * (hls, concat, dash) named like a sound file would make it open other files.
 */
export const hostileInput = [
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  'aac,ac3,aiff,amr,asf,avi,caf,eac3,flac,flv,live_flv,matroska,mov,mp3,mpeg,mpegts,ogg,rm,wav,w64,wv',
] as const;

/** What a downloaded source holds. `durationSeconds` is null for formats that do not tell. */
type SourceSound = { readonly durationSeconds: number | null };

/**
 * Looks into a downloaded source. Throws NO_AUDIO, or TRANSCODE_FAILED for what is no media, or
 * NETWORK when the file is shorter than the site said (a truncated download ends with exit code 0).
 */
export async function probeSource(
  path: string,
  site: { readonly durationSeconds: number | null },
  workplace: Workplace,
): Promise<SourceSound> {
  const entries = 'stream=duration:format=duration';
  const { stream, format } = await probe(
    [...hostileInput, '-show_entries', entries],
    path,
    workplace,
  );
  if (stream === undefined) throw new AttemptFailure('NO_AUDIO', { format });
  const wholeSeconds = seconds(format?.['duration']);
  if (wholeSeconds !== null && isShorter(wholeSeconds, site.durationSeconds)) {
    throw new AttemptFailure('NETWORK', { wholeSeconds, siteSeconds: site.durationSeconds });
  }
  return {
    // The sound of a film may end before the picture.
    durationSeconds: seconds(stream['duration']) ?? wholeSeconds,
  };
}

/**
 * Checks that a finished file is an MP3 that holds the expected sound, counted and not only claimed.
 * Throws OUTPUT_INVALID. `bitrateKbps` is the average without tags.
 */
export async function verify(
  path: string,
  expectedDurationSeconds: number | null,
  workplace: Workplace,
): Promise<{ readonly durationSeconds: number; readonly bitrateKbps: number }> {
  const entries = 'stream=codec_name,sample_rate,bit_rate,nb_read_packets:format=duration';
  const args = ['-f', 'mp3', '-count_packets', '-show_entries', entries];
  const { stream, format } = await probe(args, path, workplace).catch((cause: unknown) => {
    workplace.signal.throwIfAborted();
    throw new AttemptFailure('OUTPUT_INVALID', { tool: 'ffprobe' }, { cause });
  });
  const sampleRate = Number(stream?.['sample_rate']);
  const countedSeconds = (Number(stream?.['nb_read_packets']) * frameSamples) / sampleRate;
  const claimedSeconds = Number(format?.['duration']);
  const bitrateKbps = Math.round(Number(stream?.['bit_rate']) / 1000);
  const isWhole =
    stream?.['codec_name'] === 'mp3' &&
    countedSeconds > 0 &&
    bitrateKbps > 0 &&
    isSameLength(countedSeconds, claimedSeconds) &&
    (expectedDurationSeconds === null || isSameLength(countedSeconds, expectedDurationSeconds));
  if (!isWhole) {
    const facts = { stream, claimedSeconds, countedSeconds, expectedDurationSeconds };
    throw new AttemptFailure('OUTPUT_INVALID', facts);
  }
  return { durationSeconds: countedSeconds, bitrateKbps };
}

/** Whether the lengths, in seconds, may be of the same sound. */
export function isSameLength(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= tolerance(expected);
}

/** max(2 s, 1 %): sites round durations, and encoders add a few hundredths. */
function tolerance(durationSeconds: number): number {
  return Math.max(2, durationSeconds / 100);
}

function isShorter(actual: number, expected: number | null): boolean {
  return expected !== null && actual < expected - tolerance(expected);
}

function seconds(value: string | undefined): number | null {
  const number = Number(value);
  return number > 0 && Number.isFinite(number) ? number : null;
}

type Values = Readonly<Record<string, string | undefined>>;

async function probe(
  args: readonly string[],
  path: string,
  workplace: Workplace,
): Promise<{ readonly stream: Values | undefined; readonly format: Values | undefined }> {
  let json = '';
  const all = ['-v', 'error', ...args, '-select_streams', 'a:0', '-of', 'json', '-i', path];
  const exit = await run({
    tool: workplace.ffmpeg.ffprobePath,
    start: withArguments(all),
    folder: workplace.folder,
    environment: childEnvironment(workplace.hostEnvironment, workplace.folder),
    sandbox: workplace.ffmpeg.sandbox ?? null,
    readable: path,
    maxFileBytes: 0,
    timeoutMs: workplace.timeoutMs,
    signal: workplace.signal,
    onLine(line, stream) {
      if (stream === 'stdout') json += line;
    },
  });
  if (exit.exitCode !== 0) {
    const code = classify({ ...exit, lines: exit.stderrTail }, 'TRANSCODE_FAILED');
    throw new AttemptFailure(code, { tool: 'ffprobe', ...exit });
  }
  const { streams, format } = JSON.parse(json) as { streams?: Values[]; format?: Values };
  return { stream: streams?.[0], format };
}
