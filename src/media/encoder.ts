// One run of ffmpeg that turns sound into frames of MP3: all of it, or a part that begins and ends on a frame.
// It neither plans parts nor joins them, and writes no file.

import { AttemptFailure } from '../domain/failure.ts';
import type { AudioQuality } from '../domain/job.ts';
import { childEnvironment } from './environment.ts';
import { classify } from './failures.ts';
import { frameSamples, readFrames, readHeader } from './mp3/frames.ts';
import { hostileInput } from './probe.ts';
import type { Workplace } from './probe.ts';
import { withArguments } from './launch.ts';
import { run } from './process.ts';

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
  readonly first: number;
  /** The first that is not of it any more; null goes on to the end. */
  readonly end: number | null;
  readonly onFrames: (frames: readonly Buffer[], sampleRate: number) => Promise<void>;
};

/**
 * Encodes the first sound track. Resolves with the number of samples from the start of the sound to the end
 * of the part. Throws AttemptFailure (NO_AUDIO, TRANSCODE_FAILED, …), or the signal's reason when aborted.
 */
export async function encode(
  request: EncodeRequest,
): Promise<{ readonly samples: number; readonly sampleRate: number }> {
  const { input } = request;
  const complaints: string[] = [];
  let samples = 0;
  let sampleRate = 0;
  const exit = await run({
    tool: request.ffmpeg.path,
    start: withArguments(encodeArgs(request)),
    folder: request.folder,
    environment: childEnvironment(request.hostEnvironment, request.folder),
    sandbox: request.ffmpeg.sandbox ?? null,
    maxFileBytes: 0,
    timeoutMs: request.timeoutMs,
    signal: request.signal,
    ...(typeof input === 'function' && { input }),
    async onOutput(stdout) {
      for await (const frames of readFrames(stdout)) {
        sampleRate ||= (frames[0] && readHeader(frames[0])?.sampleRate) ?? 0;
        await request.onFrames(frames, sampleRate);
      }
    },
    onLine(line) {
      // Among what it says at the end; the last line counts, for a title may look the same.
      const [, encoded] = encodedSamples.exec(line) ?? [];
      if (encoded !== undefined) samples = Number(encoded);
      if (complaint.test(line) && complaints.push(line) > 40) complaints.shift();
    },
  });
  if (exit.exitCode !== 0) {
    const code = classify({ ...exit, lines: complaints }, 'TRANSCODE_FAILED');
    throw new AttemptFailure(code, { tool: 'ffmpeg', ...exit, stderrTail: complaints });
  }
  return { samples: request.first * frameSamples + samples, sampleRate };
}

const encodedSamples = /Output stream #0:0 \(audio\): \d+ frames encoded \((\d+) samples\)/;
const complaint = /\[(?:error|fatal|panic)\] /;

function encodeArgs({ input, quality, first, end }: EncodeRequest): readonly string[] {
  const trim = [
    ...(first > 0 ? [`start_sample=${first * frameSamples}`] : []),
    ...(end === null ? [] : [`end_sample=${end * frameSamples}`]),
  ];
  const filters = [
    // The rates of MPEG-1: MP3 has no high bitrates below them.
    'aformat=sample_rates=44100|48000|32000',
    // Samples are counted, whatever time the container gives them: so every part agrees on where it begins.
    'asetpts=N/SR/TB',
    ...(trim.length > 0 ? [`atrim=${trim.join(':')}`] : []),
  ];
  return [
    // How many samples were encoded, it tells at this level only.
    ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+verbose'],
    [...hostileInput, '-i', typeof input === 'string' ? input : 'pipe:0'],
    ['-map', '0:a:0', '-map_metadata', '-1', '-map_chapters', '-1', '-af', filters.join(',')],
    ['-c:a', 'libmp3lame', ...qualityArgs[quality]],
    ['-id3v2_version', '0', '-write_xing', '0', '-f', 'mp3'],
    // Else it writes, and wakes us, for each frame.
    ['-flush_packets', '0', 'pipe:1'],
  ].flat();
}
