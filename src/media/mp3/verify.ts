// Whether a finished MP3 is whole on the disk: each frame from the tag to the last byte is counted and summed up, and
// compared with what the first one says of them all. It decodes no sound.

import { AttemptFailure } from '../../domain/failure.ts';
import { isSameLength } from '../../domain/soundLength.ts';
import { openPlainFile, pieceBytes, readPiece } from '../../plainFile.ts';
import { id3TagBytes } from '../tags.ts';
import { frameSamples, readHeader } from './frames.ts';
import { crc16, readInfoFrame } from './infoFrame.ts';
import type { Claims } from './infoFrame.ts';

export type Measured = {
  readonly durationSeconds: number;
  /** The average, without tags. */
  readonly bitrateKbps: number;
};

/**
 * Throws OUTPUT_INVALID for anything but an MP3 of the expected length, in seconds, with the sound that was written;
 * null expects any length. Throws the signal's reason when aborted.
 */
export async function verifyMp3(
  path: string,
  expectedSeconds: number | null,
  signal: AbortSignal,
): Promise<Measured> {
  const { claims, counted } = await count(path, signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw cause instanceof AttemptFailure
      ? cause
      : new AttemptFailure('OUTPUT_INVALID', {}, { cause });
  });
  const { frames, bytes, checksum, sampleRate } = counted;
  const durationSeconds = (frames * frameSamples) / sampleRate;
  const isWhole =
    frames > 0 &&
    frames === claims.frames &&
    bytes === claims.bytes &&
    checksum === claims.checksum &&
    (expectedSeconds === null || isSameLength(durationSeconds, expectedSeconds));
  if (!isWhole) throw invalid({ claims, counted, durationSeconds, expectedSeconds });
  return { durationSeconds, bitrateKbps: Math.round((bytes * 8) / durationSeconds / 1_000) };
}

/** Of the frames of sound, as Claims are too. */
type Counted = Claims & { readonly sampleRate: number };

async function count(
  path: string,
  signal: AbortSignal,
): Promise<{ claims: Claims; counted: Counted }> {
  await using file = await openPlainFile(path);
  const { size } = await file.stat();
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let position = id3TagBytes(await readPiece(file, buffer, 0));
  const first = await readPiece(file, buffer, position);
  const { sizeBytes = 0, sampleRate = 0 } = readHeader(first) ?? {};
  const claims = readInfoFrame(first);
  if (claims === null) throw invalid({ position, expected: 'an info frame' });
  position += sizeBytes;
  const counted = { frames: 0, bytes: 0, checksum: 0, sampleRate };
  while (position < size) {
    signal.throwIfAborted();
    const piece = await readPiece(file, buffer, position);
    let end = 0;
    while (end < piece.length) {
      const header = readHeader(piece.subarray(end));
      if (header?.sampleRate !== sampleRate || end + header.sizeBytes > piece.length) break;
      end += header.sizeBytes;
      counted.frames += 1;
    }
    if (end === 0) throw invalid({ position, size, expected: 'a frame' });
    counted.checksum = crc16(piece.subarray(0, end), counted.checksum);
    counted.bytes += end;
    position += end;
  }
  return { claims, counted };
}

function invalid(facts: Record<string, unknown>): AttemptFailure {
  return new AttemptFailure('OUTPUT_INVALID', facts);
}
