// Turns a source into the finished MP3, as early as its bytes come, and once more from the whole file where
// that does not work. It neither downloads nor judges the result: ytdlp.ts and mp3/verify.ts do.

import { isSameLength } from '../domain/soundLength.ts';
import { encodeParts, refuseLength } from './encodeParts.ts';
import type { EncodePartsRequest } from './encodeParts.ts';
import { probeSource } from './probe.ts';
import type { GrowingSource } from './source.ts';
import { orAbort } from './together.ts';

export type TranscodeRequest = Omit<EncodePartsRequest, 'input' | 'durationSeconds'> & {
  readonly source: GrowingSource;
  /** What went wrong with the early try; the whole file is waited for then, and progress starts anew. */
  readonly onSetback: (cause: unknown) => void;
};

type Sound = { readonly durationSeconds: number };

/**
 * Encodes the first sound track of the source. Resolves with the duration that the MP3 must have, once the
 * download is through. Throws AttemptFailure (NO_AUDIO, TOO_LONG, NETWORK for a truncated source, …), or the
 * signal's reason when aborted.
 */
export async function transcode(request: TranscodeRequest): Promise<Sound> {
  const early = await encodeEarly(request);
  if (early !== null) return early;
  const { audioPath, metadata } = await orAbort(request.source.whole, request.signal);
  const { durationSeconds } = await probeSource(audioPath, metadata, request);
  refuseLength(durationSeconds, request.maxDurationSeconds);
  const encodedSeconds = await encodeParts({ ...request, input: audioPath, durationSeconds });
  return { durationSeconds: durationSeconds ?? encodedSeconds };
}

/**
 * Encodes what is being downloaded. Null when that has led to nothing sure: the container wants to be read
 * from its end, the bytes were not the final ones, or the length is not what the site said.
 */
async function encodeEarly(request: TranscodeRequest): Promise<Sound | null> {
  const { source, signal, onSetback } = request;
  const { durationSeconds } = (await orAbort(source.begun, signal)).metadata;
  // Only the whole file tells then if something is missing at its end.
  if (durationSeconds === null) return null;
  try {
    const encodedSeconds = await encodeParts({ ...request, input: source.read, durationSeconds });
    await orAbort(source.whole, signal);
    if (!(await source.hasKeptItsWord())) throw new Error('the download began again');
    if (isSameLength(encodedSeconds, durationSeconds)) return { durationSeconds: encodedSeconds };
    throw new Error(`${encodedSeconds} s instead of ${durationSeconds} s`);
  } catch (error) {
    signal.throwIfAborted();
    onSetback(error);
    return null;
  }
}
