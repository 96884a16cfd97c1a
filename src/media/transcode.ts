// Turns a source into the finished MP3, as early as its bytes come, and once more from the whole file where
// that does not work. It neither downloads nor judges the result: ytdlp.ts and probe.ts do.

import { performance } from 'node:perf_hooks';

import { AttemptFailure } from '../domain/failure.ts';
import type { AudioQuality } from '../domain/job.ts';
import { encode } from './encoder.ts';
import type { EncoderInput } from './encoder.ts';
import { frameSamples, readHeader } from './mp3/frames.ts';
import { createMp3File } from './mp3/mp3File.ts';
import { isSameLength, probeSource } from './probe.ts';
import type { Workplace } from './probe.ts';
import type { GrowingSource } from './source.ts';
import { orAbort } from './together.ts';

/** How far the encoder is. `fraction` is null while the duration is unknown; 1 comes with the end only. */
export type TranscodeProgress = {
  readonly fraction: number | null;
  readonly etaSeconds: number | null;
};

export type TranscodeRequest = Workplace & {
  readonly source: GrowingSource;
  readonly output: string;
  /** What stands before the sound: an ID3v2 tag, or nothing. */
  readonly tag: Buffer;
  readonly maxDurationSeconds: number;
  readonly quality: AudioQuality;
  /** Called for each second or so of encoded sound. It falls back to 0 when everything is done again. */
  readonly onProgress: (progress: TranscodeProgress) => void;
  /** What went wrong with the early try; the whole file is waited for then. */
  readonly onSetback: (cause: unknown) => void;
};

type Sound = { readonly durationSeconds: number };

/**
 * Encodes the first sound track of the source. Resolves with the duration that the MP3 must have, once the
 * download is through. Throws AttemptFailure (NO_AUDIO, TOO_LONG, NETWORK for a truncated source, …), or the
 * signal's reason when aborted.
 */
export async function transcode(request: TranscodeRequest): Promise<Sound> {
  const { source, maxDurationSeconds } = request;
  const early = await encodeEarly(request);
  if (early !== null) return early;
  const { audioPath, metadata } = await orAbort(source.whole, request.signal);
  const probed = await probeSource(audioPath, metadata, request);
  refuseLength(probed.durationSeconds, maxDurationSeconds);
  const encoded = await encodeWhole(request, audioPath, probed.durationSeconds);
  return { durationSeconds: probed.durationSeconds ?? encoded.durationSeconds };
}

/**
 * Encodes what is being downloaded. Null when that has led to nothing sure: the container wants to be read
 * from its end, the bytes were not the final ones, or the length is not what the site said.
 */
async function encodeEarly(request: TranscodeRequest): Promise<Sound | null> {
  const { source, signal, onSetback } = request;
  const { metadata } = await orAbort(source.begun, signal);
  // Only the whole file tells then if something is missing at its end.
  if (metadata.durationSeconds === null) return null;
  try {
    const sound = await encodeWhole(request, source.read, metadata.durationSeconds);
    await orAbort(source.whole, signal);
    if (!(await source.hasKeptItsWord())) throw new Error('the download began again');
    if (isSameLength(sound.durationSeconds, metadata.durationSeconds)) return sound;
    throw new Error(`${sound.durationSeconds} s instead of ${metadata.durationSeconds} s`);
  } catch (error) {
    signal.throwIfAborted();
    onSetback(error);
    return null;
  }
}

async function encodeWhole(
  request: TranscodeRequest,
  input: EncoderInput,
  durationSeconds: number | null,
): Promise<Sound> {
  const isVariable = request.quality === 'VBR_BEST';
  await using mp3 = await createMp3File(request.output, { tag: request.tag, isVariable });
  const report = progressTeller(durationSeconds, request.onProgress);
  let secondsPerFrame = 0;
  const { samples } = await encode({
    ...{ ...request, input, firstFrame: 0, endFrame: null },
    async onFrames(frames) {
      secondsPerFrame ||= frameSeconds(frames[0]);
      await mp3.append(frames);
      const doneSeconds = mp3.frameCount() * secondsPerFrame;
      // Only now is it known of a source that hides its length.
      refuseLength(doneSeconds, request.maxDurationSeconds);
      report(doneSeconds);
    },
  });
  await mp3.complete(samples);
  request.onProgress({ fraction: 1, etaSeconds: 0 });
  return { durationSeconds: (samples / frameSamples) * secondsPerFrame };
}

function progressTeller(
  durationSeconds: number | null,
  onProgress: TranscodeRequest['onProgress'],
): (doneSeconds: number) => void {
  const startedAt = performance.now();
  return (doneSeconds) => {
    if (durationSeconds === null) return onProgress({ fraction: null, etaSeconds: null });
    const elapsedSeconds = (performance.now() - startedAt) / 1_000;
    const leftSeconds = Math.max(0, durationSeconds - doneSeconds);
    onProgress({
      fraction: Math.min(0.99, doneSeconds / durationSeconds),
      etaSeconds: (leftSeconds / doneSeconds) * elapsedSeconds,
    });
  };
}

function frameSeconds(frame: Buffer | undefined): number {
  const header = frame === undefined ? null : readHeader(frame);
  return header === null ? 0 : frameSamples / header.sampleRate;
}

function refuseLength(durationSeconds: number | null, maxDurationSeconds: number): void {
  // A second of grace: the decoder's and the encoder's delays add to what the site announced.
  if (durationSeconds !== null && durationSeconds > maxDurationSeconds + 1) {
    throw new AttemptFailure('TOO_LONG', { durationSeconds, maxDurationSeconds });
  }
}
