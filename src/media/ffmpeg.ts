// Turns a downloaded source into an MP3 with one ffmpeg, which reports how far it is.
// It neither tags nor judges the result: tags.ts and probe.ts do.

import { AttemptFailure } from '../domain/failure.ts';
import type { AudioQuality } from '../domain/job.ts';
import { childEnvironment } from './environment.ts';
import { classify } from './failures.ts';
import { hostileInput, probeSource } from './probe.ts';
import type { Workplace } from './probe.ts';
import { run, withArguments } from './process.ts';

/** What LAME is told for each quality. */
const qualityArgs: Readonly<Record<AudioQuality, readonly string[]>> = {
  KBPS_128: ['-b:a', '128k'],
  KBPS_192: ['-b:a', '192k'],
  KBPS_320: ['-b:a', '320k'],
  VBR_BEST: ['-q:a', '0'],
};

/** How far the encoder is. `fraction` is null while the duration is unknown; 1 comes with the end only. */
export type TranscodeProgress = {
  readonly fraction: number | null;
  /** Seconds of sound per second; null until measured. */
  readonly speed: number | null;
  readonly etaSeconds: number | null;
};

export type TranscodeRequest = Workplace & {
  readonly input: string;
  readonly output: string;
  /** As the site says; null when it does not. */
  readonly durationSeconds: number | null;
  readonly maxDurationSeconds: number;
  readonly quality: AudioQuality;
  /** Called twenty times a second: a short video is encoded in less than one. */
  readonly onProgress: (progress: TranscodeProgress) => void;
};

/**
 * Encodes the first sound track of `input` as an MP3 without tags. Resolves with the duration that
 * the result must have, null when even the source does not tell. Throws AttemptFailure (NO_AUDIO,
 * TOO_LONG, NETWORK for a truncated source, …), or the signal's reason when aborted.
 */
export async function transcode(
  request: TranscodeRequest,
): Promise<{ readonly durationSeconds: number | null }> {
  const { maxDurationSeconds } = request;
  const sound = await probeSource(request.input, request, request);
  refuseLength(sound.durationSeconds, maxDurationSeconds);
  const report = progressReader(sound.durationSeconds);
  const exit = await run({
    tool: request.ffmpeg.path,
    start: withArguments(encodeArgs(request, sound.sampleRate)),
    folder: request.folder,
    environment: childEnvironment(request.hostEnvironment, request.folder),
    maxFileBytes: largestMp3(maxDurationSeconds),
    timeoutMs: request.timeoutMs,
    signal: request.signal,
    onLine(line, stream) {
      if (stream !== 'stdout') return;
      const progress = report(line);
      if (progress === null) return;
      // Only now is it known of a source that hides its length.
      refuseLength(progress.doneSeconds, maxDurationSeconds);
      request.onProgress(progress);
    },
  });
  if (exit.exitCode !== 0) {
    const code = classify({ ...exit, lines: exit.stderrTail }, 'TRANSCODE_FAILED');
    throw new AttemptFailure(code, { tool: 'ffmpeg', ...exit });
  }
  request.onProgress({ fraction: 1, speed: null, etaSeconds: 0 });
  return { durationSeconds: sound.durationSeconds };
}

function encodeArgs(request: TranscodeRequest, sampleRate: number): readonly string[] {
  return [
    ['-hide_banner', '-nostdin', '-y', '-loglevel', 'error'],
    ['-nostats', '-stats_period', '0.05', '-progress', 'pipe:1'],
    [...hostileInput, '-i', request.input],
    ['-map', '0:a:0', '-map_metadata', '-1', '-map_chapters', '-1'],
    ['-c:a', 'libmp3lame', ...qualityArgs[request.quality]],
    // MP3 has no high bitrates below 32 kHz.
    sampleRate < 32_000 ? ['-ar', '44100'] : [],
    ['-id3v2_version', '0', '-f', 'mp3', request.output],
  ].flat();
}

/**
 * Reads ffmpeg's `-progress` blocks of key=value lines, each ended by `progress=`. The returned
 * function gives the state at the end of a block, else null.
 */
export function progressReader(
  durationSeconds: number | null,
): (line: string) => (TranscodeProgress & { readonly doneSeconds: number }) | null {
  const block = new Map<string, string>();
  return (line) => {
    const [key = '', value = ''] = line.split('=', 2);
    block.set(key, value.trim());
    if (key !== 'progress') return null;
    // The first block may say N/A, and the start lie before 0 by the encoder's delay.
    const doneSeconds = Math.max(0, Number(block.get('out_time_us')) / 1e6 || 0);
    const speed = Number.parseFloat(block.get('speed') ?? '') || null;
    block.clear();
    if (durationSeconds === null) return { doneSeconds, fraction: null, speed, etaSeconds: null };
    const left = Math.max(0, durationSeconds - doneSeconds);
    return {
      doneSeconds,
      fraction: Math.min(0.99, doneSeconds / durationSeconds),
      speed,
      etaSeconds: speed === null ? null : left / speed,
    };
  };
}

function refuseLength(durationSeconds: number | null, maxDurationSeconds: number): void {
  // A second of grace: the decoder's and the encoder's delays add to what the site announced.
  if (durationSeconds !== null && durationSeconds > maxDurationSeconds + 1) {
    throw new AttemptFailure('TOO_LONG', { durationSeconds, maxDurationSeconds });
  }
}

/** Bytes of the longest MP3 at 320 kbit/s, with room to spare. */
function largestMp3(maxDurationSeconds: number): number {
  return (maxDurationSeconds + 60) * 40_000 + 1_000_000;
}
