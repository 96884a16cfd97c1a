// Asks ffprobe what a downloaded source holds. It decodes nothing, and judges no MP3: mp3/verify.ts does.

import { AttemptFailure } from '../domain/failure.ts';
import { isShorter } from '../domain/soundLength.ts';
import { childEnvironment } from './environment.ts';
import type { HostEnvironment } from './environment.ts';
import { classify } from './failures.ts';
import { withArguments } from './launch.ts';
import { run } from './process.ts';
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
  const { durationSeconds: siteSeconds } = site;
  if (wholeSeconds !== null && siteSeconds !== null && isShorter(wholeSeconds, siteSeconds)) {
    throw new AttemptFailure('NETWORK', { wholeSeconds, siteSeconds });
  }
  return {
    // The sound of a film may end before the picture.
    durationSeconds: seconds(stream['duration']) ?? wholeSeconds,
  };
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
