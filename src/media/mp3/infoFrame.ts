// The first frame of an MP3, which holds no sound but what players want to know of the rest: how long it is,
// where to seek, and how many samples at each end are the encoder's own, so that songs follow without a gap.
// http://gabriel.mp3-tech.org/mp3infotag.html

import { readHeader, frameSamples, withBitrate } from './frames.ts';

/** What is only known at the end. */
export type SoundSize = {
  /** Of the sound that went into the encoder. */
  readonly samples: number;
  /** Where each frame begins, from the first frame of sound on. */
  readonly offsets: readonly number[];
  readonly bytes: number;
  readonly isVariable: boolean;
  /** CRC-16 of all frames. */
  readonly checksum: number;
};

/** What LAME puts before the sound, without the decoder's own 529 samples. */
const encoderDelay = 576;
/** Frames, bytes, seek table and quality: all four fields follow. */
const allFields = 0x0f;
/** Where the encoder's part begins: behind the mark, these flags, and the four fields. */
const lameTagAt = 4 + 4 + 4 + 4 + 100 + 4;
/** Holds the tables with room to spare at every sample rate. */
const infoKbps = 128;

/** A frame of silence of the right length: what listeners get while the size is not known yet. */
export function silentFrame(firstFrame: Buffer): Buffer {
  const header = withBitrate(firstFrame, infoKbps);
  const frame = Buffer.alloc(readHeader(header)?.sizeBytes ?? 0);
  header.copy(frame);
  return frame;
}

/** The frame that takes the silent one's place. */
export function infoFrame(firstFrame: Buffer, size: SoundSize): Buffer {
  const frame = silentFrame(firstFrame);
  const { headBytes = 0, bitrateKbps = 0 } = readHeader(firstFrame) ?? {};
  const frames = size.offsets.length;
  let at = headBytes;
  at += frame.write(size.isVariable ? 'Xing' : 'Info', at, 'latin1');
  at = frame.writeUInt32BE(allFields, at);
  at = frame.writeUInt32BE(frames, at);
  at = frame.writeUInt32BE(frame.length + size.bytes, at);
  for (let percent = 0; percent < 100; percent += 1) {
    const offset = size.offsets[Math.floor((frames * percent) / 100)] ?? 0;
    at = frame.writeUInt8(Math.floor((256 * offset) / Math.max(1, size.bytes)), at);
  }
  frame.writeUInt32BE(0, at);

  const lameTag = headBytes + lameTagAt;
  frame.write('Lavc', lameTag, 'latin1');
  // Revision 0; 1 is constant bitrate, 4 the variable one of LAME's new routine.
  frame.writeUInt8(size.isVariable ? 4 : 1, lameTag + 9);
  frame.writeUInt8(Math.min(255, bitrateKbps), lameTag + 20);
  const padding = Math.min(0xfff, Math.max(0, frames * frameSamples - size.samples - encoderDelay));
  frame.writeUIntBE((encoderDelay << 12) | padding, lameTag + 21, 3);
  frame.writeUInt32BE(frame.length + size.bytes, lameTag + 28);
  frame.writeUInt16BE(size.checksum, lameTag + 32);
  frame.writeUInt16BE(crc16(frame.subarray(0, lameTag + 34)), lameTag + 34);
  return frame;
}

/** What an info frame says of the frames behind it. */
export type Claims = {
  readonly frames: number;
  readonly bytes: number;
  /** CRC-16 of all of them. */
  readonly checksum: number;
};

/** Null when the bytes do not begin with a frame as `infoFrame` makes it. */
export function readInfoFrame(bytes: Buffer): Claims | null {
  const header = readHeader(bytes);
  if (header === null || bytes.length < header.sizeBytes) return null;
  const frame = bytes.subarray(0, header.sizeBytes);
  const at = header.headBytes;
  const lameTag = at + lameTagAt;
  const isOurs =
    ['Xing', 'Info'].includes(frame.toString('latin1', at, at + 4)) &&
    frame.readUInt32BE(at + 4) === allFields &&
    frame.readUInt16BE(lameTag + 34) === crc16(frame.subarray(0, lameTag + 34));
  if (!isOurs) return null;
  return {
    frames: frame.readUInt32BE(at + 8),
    bytes: frame.readUInt32BE(at + 12) - frame.length,
    checksum: frame.readUInt16BE(lameTag + 32),
  };
}

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});

/** CRC-16 of ANSI, low bits first; goes on from `before`. */
export function crc16(bytes: Buffer, before = 0): number {
  let crc = before;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return crc;
}
