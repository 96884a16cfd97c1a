// Is there room for what is about to be downloaded and encoded? It is asked before, because a full disk is
// everybody's trouble: the database's, when it is the embedded one, too.

import { AttemptFailure } from '../domain/failure.ts';
import type { AudioQuality } from '../domain/job.ts';
import type { Storage } from '../storage.ts';

/** Left free in any case, for the database, the logs and the other attempts. */
const reserveBytes = 32 * 1024 * 1024;

/** Of the MP3; the variable bitrate at its usual average. */
const bytesPerSecond: Readonly<Record<AudioQuality, number>> = {
  KBPS_128: 16_000,
  KBPS_192: 24_000,
  KBPS_320: 40_000,
  VBR_BEST: 31_000,
};

/** A part of a long sound is there twice while it is joined to the others: half of the MP3, at most. */
const copiesWhileJoined = 1.5;

type RefuseWithoutRoom = (
  sizeBytes: number | null,
  durationSeconds: number | null,
  quality: AudioQuality,
) => void;

/**
 * Throws AttemptFailure STORAGE_FULL when next to nothing is free. Answers a check of the same kind for when the
 * source's size is known; null is a size that the site does not tell.
 */
export async function measureRoom(storage: Storage): Promise<RefuseWithoutRoom> {
  const { freeBytes } = await storage.measureDisk();
  const check: RefuseWithoutRoom = (sizeBytes, durationSeconds, quality) => {
    const neededBytes =
      (sizeBytes ?? 0) + (durationSeconds ?? 0) * bytesPerSecond[quality] * copiesWhileJoined;
    if (freeBytes - neededBytes < reserveBytes) {
      throw new AttemptFailure('STORAGE_FULL', { freeBytes, neededBytes, reserveBytes });
    }
  };
  check(null, null, 'KBPS_128');
  return check;
}
