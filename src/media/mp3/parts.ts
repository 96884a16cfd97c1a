// One sound encoded in several parts side by side: where they begin, and how they become one MP3 again.
// It starts no encoder.

import { createReadStream } from 'node:fs';

import { frameSamples, readFrames } from './frames.ts';
import { findJoint } from './joint.ts';
import type { Stretch } from './joint.ts';
import type { Mp3File } from './mp3File.ts';

/** What one encoder is to do. Neighbours overlap by what their joint needs. */
export type Part = {
  /** The first frame that it encodes. */
  readonly first: number;
  /** The first that it does not encode any more; null when it goes on to the end. */
  readonly end: number | null;
  /** From which frame on it may take over from the part before. */
  readonly border: number;
};

/** A new encoder knows nothing of the sound before; after half a second it does as one that had begun earlier. */
const warmUpFrames = 20;
/** In how many places a joint is looked for; a fitting one is among the first few, as a rule. */
const overlapFrames = 24;
/** An encoder's last frames know nothing of the sound after them. */
const coolDownFrames = 4;
/** What is not passed on before the next part is joined: the overlap, and before it room for borrowed bits. */
const heldFrames = overlapFrames + coolDownFrames + 16;

/** Below this a part's own costs, its start and its overlap, are more than it saves. */
const shortestPartSeconds = 75;
/** Each part decodes what comes before it in vain: what that costs beside encoding it. */
const skipCost = 0.1;

/** Parts that take equal time. One alone when the sound is short, or its duration not known. */
export function planParts(
  durationSeconds: number | null,
  most: number,
): readonly [Part, ...Part[]] {
  const count = Math.max(
    1,
    Math.min(most, Math.floor((durationSeconds ?? 0) / shortestPartSeconds)),
  );
  // If a part of length l at place p costs l + p * skipCost, equal costs make a geometric row of places.
  const share = (nth: number) => (1 - (1 - skipCost) ** nth) / (1 - (1 - skipCost) ** count);
  // The true rate is not known yet; it only moves the borders.
  const frames = ((durationSeconds ?? 0) * 44_100) / frameSamples;
  const border = (nth: number) => Math.round(share(nth) * frames);
  const part = (nth: number): Part => ({
    border: border(nth),
    first: nth === 0 ? 0 : border(nth) - warmUpFrames,
    end: nth + 1 === count ? null : border(nth + 1) + overlapFrames + coolDownFrames,
  });
  return [part(0), ...Array.from({ length: count - 1 }, (_, nth) => part(nth + 1))];
}

/** Takes in frames and keeps the last ones back, where another part may have to take over. */
export type HeldBack = {
  append(frames: readonly Buffer[]): Promise<void>;
  /** What was kept back. */
  held(): Stretch;
};

/** Passes all else on to `mp3`; `first` is the place of the first frame that comes. */
export function holdBack(mp3: Mp3File, first: number): HeldBack {
  let next = first;
  let kept: Buffer[] = [];
  return {
    async append(frames) {
      kept.push(...frames);
      const passed = kept.slice(0, -heldFrames);
      kept = kept.slice(-heldFrames);
      next += passed.length;
      await mp3.append(passed);
    },
    held: () => ({ first: next, frames: kept }),
  };
}

/**
 * Appends a part, whose frames are in the file at `path`, behind what the part before has held back. Gives what this
 * one holds back in turn; null when no joint was found, and nothing was appended.
 */
export async function appendPart(
  mp3: Mp3File,
  before: Stretch,
  part: Part,
  path: string,
): Promise<Stretch | null> {
  const head: Buffer[] = [];
  let joined: HeldBack | null = null;
  for await (const frames of readFrames(createReadStream(path))) {
    if (joined !== null) {
      await joined.append(frames);
      continue;
    }
    head.push(...frames);
    if (head.length < warmUpFrames + overlapFrames) continue;
    const joint = findJoint(before, { first: part.first, frames: head }, part.border);
    if (joint === null) return null;
    await mp3.append(joint.before);
    joined = holdBack(mp3, joint.at);
    await joined.append(head.slice(joint.at - part.first));
  }
  return joined?.held() ?? null;
}
