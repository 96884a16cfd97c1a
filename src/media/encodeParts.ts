// Encodes one sound with as many encoders as there is room for, into one MP3 as if there had been one.
// Where to cut and how to join is said in mp3/parts.ts; what to do when the input was wrong, in transcode.ts.

import { rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';

import { AttemptFailure } from '../domain/failure.ts';
import type { AudioQuality } from '../domain/job.ts';
import { encode } from './encoder.ts';
import type { EncoderInput } from './encoder.ts';
import { frameSamples } from './mp3/frames.ts';
import { createFrameFile, createMp3File } from './mp3/mp3File.ts';
import { appendPart, holdBack, planParts } from './mp3/parts.ts';
import type { Part } from './mp3/parts.ts';
import type { Workplace } from './probe.ts';
import { together } from './together.ts';

/** How far the encoders are. `fraction` is null while the duration is unknown; 1 comes with the end only. */
export type EncodeProgress = {
  readonly fraction: number | null;
  readonly etaSeconds: number | null;
};

export type EncodePartsRequest = Workplace & {
  readonly input: EncoderInput;
  readonly output: string;
  /** What stands before the sound: an ID3v2 tag, or nothing. The encoder need not wait until its cover is made. */
  readonly tag: Buffer | Promise<Buffer>;
  readonly quality: AudioQuality;
  /** Null when it is not known; then there is one part. */
  readonly durationSeconds: number | null;
  readonly maxDurationSeconds: number;
  /** How many encoders may run side by side. */
  readonly mostParts: number;
  /** Called when there is something to hear in `output`, which is a new file then. */
  readonly onAudible: () => void;
  /** Called for each second or so of encoded sound. */
  readonly onProgress: (progress: EncodeProgress) => void;
};

/**
 * Resolves with the length of the sound that went in. Throws AttemptFailure (NO_AUDIO, TOO_LONG, STORAGE_FULL, …),
 * or the signal's reason when aborted.
 */
export async function encodeParts(request: EncodePartsRequest): Promise<number> {
  const { durationSeconds, mostParts } = request;
  const inParts = await encodeAndJoin(request, planParts(durationSeconds, mostParts));
  // Never seen, but no promise of the encoder's: two parts may have no frame where they fit together.
  const seconds = inParts ?? (await encodeAndJoin(request, planParts(durationSeconds, 1)));
  if (seconds === null) throw new AttemptFailure('TRANSCODE_FAILED', { durationSeconds });
  return seconds;
}

/** Null when there is no joint between two parts. */
async function encodeAndJoin(
  request: EncodePartsRequest,
  [start, ...others]: readonly [Part, ...Part[]],
): Promise<number | null> {
  const { tag, quality, output } = request;
  const report = progressTeller(request);
  const pathOf = (part: Part) => `${output}.${part.border}`;
  await using mp3 = await createMp3File(output, {
    tag,
    isVariable: quality === 'VBR_BEST',
    onBegun: request.onAudible,
  });
  // The first part is what listeners get meanwhile; the others wait in files of their own for their turn.
  const opening = holdBack(mp3, 0);
  const ends = await together(request.signal, [
    (signal) => encodePart({ ...request, signal }, start, opening.append, report),
    ...others.map((part) => async (signal: AbortSignal) => {
      await using file = await createFrameFile(pathOf(part));
      return await encodePart({ ...request, signal }, part, file.append, report);
    }),
  ]);
  let held = opening.held();
  for (const part of others) {
    const next = await appendPart(mp3, held, part, pathOf(part));
    if (next === null) return null;
    await rm(pathOf(part));
    held = next;
  }
  await mp3.append(held.frames);
  const { samples, sampleRate } = ends.at(-1) ?? { samples: 0, sampleRate: 0 };
  await mp3.complete(samples);
  request.onProgress({ fraction: 1, etaSeconds: 0 });
  return samples / sampleRate;
}

async function encodePart(
  request: EncodePartsRequest,
  part: Part,
  append: (frames: readonly Buffer[]) => Promise<void>,
  report: (newSeconds: number) => void,
): Promise<{ samples: number; sampleRate: number }> {
  let place = part.first;
  return encode({
    ...request,
    ...part,
    async onFrames(frames, sampleRate) {
      await append(frames);
      place += frames.length;
      // Only now is it known of a source that hides its length.
      refuseLength((place * frameSamples) / sampleRate, request.maxDurationSeconds);
      report((frames.length * frameSamples) / sampleRate);
    },
  });
}

/** What was piled up, or comes from two parts at once, says nothing of the speed. */
const shortestMeasureSeconds = 0.3;

function progressTeller({
  durationSeconds,
  onProgress,
}: EncodePartsRequest): (newSeconds: number) => void {
  let doneSeconds = 0;
  let first: { readonly at: number; readonly doneSeconds: number } | null = null;
  return (newSeconds) => {
    if (durationSeconds === null) return onProgress({ fraction: null, etaSeconds: null });
    doneSeconds += newSeconds;
    // Before the first it may have waited for its source, which says nothing of its speed.
    first ??= { at: performance.now(), doneSeconds };
    const elapsedSeconds = (performance.now() - first.at) / 1_000;
    const isKnown = elapsedSeconds > shortestMeasureSeconds && doneSeconds > first.doneSeconds;
    const secondsEach = elapsedSeconds / (doneSeconds - first.doneSeconds);
    const leftSeconds = Math.max(0, durationSeconds - doneSeconds);
    onProgress({
      fraction: Math.min(0.99, doneSeconds / durationSeconds),
      etaSeconds: isKnown ? leftSeconds * secondsEach : null,
    });
  };
}

/** Throws TOO_LONG. */
export function refuseLength(durationSeconds: number | null, maxDurationSeconds: number): void {
  // A second of grace: the decoder's and the encoder's delays add to what the site announced.
  if (durationSeconds !== null && durationSeconds > maxDurationSeconds + 1) {
    throw new AttemptFailure('TOO_LONG', { durationSeconds, maxDurationSeconds });
  }
}
