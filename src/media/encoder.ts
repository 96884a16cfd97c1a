// One run of ffmpeg that turns sound into frames of MP3: all of it, or a part that begins and ends on a frame.
// It neither plans parts nor joins them, and writes no file.

import { AttemptFailure } from '../domain/failure.ts';
import type { AudioQuality } from '../domain/job.ts';
import { childEnvironment } from './environment.ts';
import { classify } from './failures.ts';
import { frameSamples, readFrames, readHeader } from './mp3/frames.ts';
import { hostileInput } from './probe.ts';
import type { Workplace } from './probe.ts';
import { run, withArguments } from './process.ts';

/** What LAME is told for each quality; how hard it tries stays at its default, as with bare yt-dlp. */
const qualityArgs: Readonly<Record<AudioQuality, readonly string[]>> = {
  KBPS_128: ['-b:a', '128k'],
  KBPS_192: ['-b:a', '192k'],
  KBPS_320: ['-b:a', '320k'],
  VBR_BEST: ['-q:a', '0'],
};

/** A file, or its bytes as they come. */
export type EncoderInput = string | ((signal: AbortSignal) => AsyncIterable<Buffer>);

export type EncodeRequest = Workplace & {
  readonly input: EncoderInput;
  readonly quality: AudioQuality;
  /** The frame of the whole MP3 that is the first of this part. */
  readonly firstFrame: number;
  /** The first that is not of it any more; null goes on to the end. */
  readonly endFrame: number | null;
  readonly onFrames: (frames: readonly Buffer[]) => Promise<void>;
};

/**
 * Encodes the first sound track. Resolves with the number of samples from the start of the sound to the end
 * of the part. Throws AttemptFailure (NO_AUDIO, TRANSCODE_FAILED, …), or the signal's reason when aborted.
 */
export async function encode(request: EncodeRequest): Promise<{ readonly samples: number }> {
  const { input } = request;
  let doneMicroseconds = 0;
  let sampleRate = 0;
  const exit = await run({
    tool: request.ffmpeg.path,
    start: withArguments(encodeArgs(request)),
    folder: request.folder,
    environment: childEnvironment(request.hostEnvironment, request.folder),
    maxFileBytes: 0,
    timeoutMs: request.timeoutMs,
    signal: request.signal,
    ...(typeof input === 'function' && { input }),
    async onOutput(stdout) {
      for await (const frames of readFrames(stdout)) {
        sampleRate ||= (frames[0] && readHeader(frames[0])?.sampleRate) ?? 0;
        await request.onFrames(frames);
      }
    },
    onLine(line) {
      // What it prints last is the end of the last frame, without what LAME added to fill it.
      const [, value] = /^out_time_us=(\d+)$/.exec(line) ?? [];
      if (value !== undefined) doneMicroseconds = Number(value);
    },
  });
  if (exit.exitCode !== 0) {
    const code = classify({ ...exit, lines: exit.stderrTail }, 'TRANSCODE_FAILED');
    throw new AttemptFailure(code, { tool: 'ffmpeg', ...exit });
  }
  return { samples: Math.round((doneMicroseconds * sampleRate) / 1e6) };
}

function encodeArgs({ input, quality, firstFrame, endFrame }: EncodeRequest): readonly string[] {
  const trim = [
    ...(firstFrame > 0 ? [`start_sample=${firstFrame * frameSamples}`] : []),
    ...(endFrame === null ? [] : [`end_sample=${endFrame * frameSamples}`]),
  ];
  const filters = [
    // The rates of MPEG-1: MP3 has no high bitrates below them.
    'aformat=sample_rates=44100|48000|32000',
    // Samples are counted, whatever time the container gives them: so every part agrees on where it begins.
    'asetpts=N/SR/TB',
    ...(trim.length > 0 ? [`atrim=${trim.join(':')}`] : []),
  ];
  return [
    ['-hide_banner', '-nostdin', '-loglevel', 'error'],
    ['-nostats', '-stats_period', '3600', '-progress', 'pipe:2'],
    [...hostileInput, '-i', typeof input === 'string' ? input : 'pipe:0'],
    ['-map', '0:a:0', '-map_metadata', '-1', '-map_chapters', '-1', '-af', filters.join(',')],
    ['-c:a', 'libmp3lame', ...qualityArgs[quality]],
    ['-id3v2_version', '0', '-write_xing', '0', '-f', 'mp3', 'pipe:1'],
  ].flat();
}
