// Where one encoder's frames may follow another's. Both have encoded the stretch around the border, and the
// first frame of the second encoder may need bits that it had put into frames before: its bit reservoir,
// which stays on because without it the sound would be worse. The place for them is in the first one's frames.
// ISO 11172-3, 2.4.1.7 and 2.4.2.7.

import { readHeader } from './frames.ts';

/** Frames in a row; `first` is the place of the first in the whole MP3. */
export type Stretch = { readonly first: number; readonly frames: readonly Buffer[] };

/**
 * What comes before frame `at` when the second stretch takes over there: frames of the first, from the
 * first one's beginning on, the last of them with the second one's bits.
 */
type Joint = { readonly at: number; readonly before: readonly Buffer[] };

/**
 * The first place from `from` on where a decoder notices nothing: both encoders had shaped the end of the frame
 * before with the same window, so that its overlap is what the next frame expects; and the first encoder left as
 * many bits unused as the second one needs. Null when there is none.
 */
export function findJoint(one: Stretch, other: Stretch, from: number): Joint | null {
  const end = Math.min(one.first + one.frames.length, other.first + other.frames.length);
  for (let at = from; at < end; at += 1) {
    const [lastOfOne, nextOfOne] = around(one, at);
    const [lastOfOther, nextOfOther] = around(other, at);
    if (!lastOfOne || !nextOfOne || !lastOfOther || !nextOfOther) continue;
    const needed = borrowedBytes(nextOfOther);
    if (needed > borrowedBytes(nextOfOne)) continue;
    if (lastWindows(lastOfOne) !== lastWindows(lastOfOther)) continue;
    const borrowed = lastBytes(other.frames.slice(0, at - other.first), needed);
    const before = borrowed && withLastBytes(one.frames.slice(0, at - one.first), borrowed);
    if (before) return { at, before };
  }
  return null;
}

function around({ first, frames }: Stretch, at: number): [Buffer | undefined, Buffer | undefined] {
  return [frames[at - first - 1], frames[at - first]];
}

function headBytes(frame: Buffer): number {
  return readHeader(frame)?.headBytes ?? frame.length;
}

/** How many of the frame's own bytes stand in frames before it: `main_data_begin`. */
function borrowedBytes(frame: Buffer): number {
  return bits(frame, 0, 9);
}

/** The windows at the end of the frame, for each channel: `block_type` of the second granule. */
function lastWindows(frame: Buffer): string {
  const isMono = headBytes(frame) === 4 + 17;
  // Private bits and scfsi differ by the number of channels; a granule has 59 bits in each.
  const [start, channels] = isMono ? [9 + 5 + 4, [0]] : [9 + 3 + 8, [0, 1]];
  return channels
    .map((channel) => {
      const granule = start + 59 * (channels.length + channel);
      const isSwitched = bits(frame, granule + 33, 1) === 1;
      return isSwitched ? bits(frame, granule + 34, 2) : 0;
    })
    .join();
}

/** `count` bits of the side information, from bit `start` on. */
function bits(frame: Buffer, start: number, count: number): number {
  let value = 0;
  for (let bit = start; bit < start + count; bit += 1) {
    value = (value << 1) | ((frame.readUInt8(4 + (bit >> 3)) >> (7 - (bit & 7))) & 1);
  }
  return value;
}

/** The last bytes that hold sound, headers left out; null when there are fewer. */
function lastBytes(frames: readonly Buffer[], count: number): Buffer | null {
  const parts: Buffer[] = [];
  let missing = count;
  for (const frame of frames.toReversed()) {
    if (missing === 0) break;
    const taken = Math.min(missing, frame.length - headBytes(frame));
    parts.unshift(frame.subarray(frame.length - taken));
    missing -= taken;
  }
  return missing === 0 ? Buffer.concat(parts) : null;
}

/** Copies of the frames whose last bytes of sound are these; null when there is no room. */
function withLastBytes(frames: readonly Buffer[], bytes: Buffer): Buffer[] | null {
  const changed = [...frames];
  let missing = bytes.length;
  for (let index = frames.length - 1; index >= 0 && missing > 0; index -= 1) {
    const frame = Buffer.from(frames[index] ?? []);
    const taken = Math.min(missing, frame.length - headBytes(frame));
    bytes.copy(frame, frame.length - taken, missing - taken, missing);
    changed[index] = frame;
    missing -= taken;
  }
  return missing === 0 ? changed : null;
}
