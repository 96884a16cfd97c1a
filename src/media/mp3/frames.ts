// The frames of an MP3 as LAME writes them: where each begins, how long it is, and what its header says.
// Only MPEG-1 Layer III without CRC, the one kind that our encoder makes; it reads no sound.

import { AttemptFailure } from '../../domain/failure.ts';

/** Samples of sound in a frame, per channel. ISO 11172-3. */
export const frameSamples = 1152;

export type FrameHeader = {
  readonly sizeBytes: number;
  readonly sampleRate: number;
  readonly bitrateKbps: number;
  /** Header and side information: where the sound's own bits begin. */
  readonly headBytes: number;
};

const bitratesKbps = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const sampleRates = [44_100, 48_000, 32_000];
const headerBytes = 4;
/** 320 kbit/s at 32 kHz, with padding. */
const largestFrameBytes = 1_441;

/** Null when no frame of our kind begins with these bytes. */
export function readHeader(bytes: Buffer): FrameHeader | null {
  if (bytes.length < headerBytes) return null;
  // Eleven bits of sync, MPEG-1, Layer III, no CRC.
  if (bytes.readUInt16BE(0) !== 0xfffb) return null;
  const bits = bytes.readUInt8(2);
  const bitrateKbps = bitratesKbps[bits >> 4] ?? 0;
  const sampleRate = sampleRates[(bits >> 2) & 3] ?? 0;
  if (bitrateKbps === 0 || sampleRate === 0) return null;
  const isMono = bytes.readUInt8(3) >> 6 === 3;
  const padding = (bits >> 1) & 1;
  return {
    sizeBytes: Math.floor((144_000 * bitrateKbps) / sampleRate) + padding,
    sampleRate,
    bitrateKbps,
    headBytes: headerBytes + (isMono ? 17 : 32),
  };
}

/** The header of a frame at another bitrate, without padding or joined channels; all else stays. */
export function withBitrate(header: Buffer, kbps: number): Buffer {
  const changed = Buffer.from(header.subarray(0, headerBytes));
  changed.writeUInt8((bitratesKbps.indexOf(kbps) << 4) | (header.readUInt8(2) & 0x0c), 2);
  changed.writeUInt8(header.readUInt8(3) & 0xcf, 3);
  return changed;
}

/**
 * Cuts a stream of bytes into frames: all that are complete in each chunk. Throws TRANSCODE_FAILED for
 * anything else between them, or when the last is cut.
 */
export async function* readFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  // The start of a frame whose end has not come yet.
  let cut: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const frames: Buffer[] = [];
    let bytes = chunk;
    if (cut.length > 0) {
      // Not all of the chunk is copied for the sake of the one frame that lies across two.
      const seam = Buffer.concat([cut, chunk.subarray(0, largestFrameBytes)]);
      const mended = firstFrame(seam);
      if (mended === null) {
        cut = seam;
        continue;
      }
      frames.push(mended);
      bytes = chunk.subarray(mended.length - cut.length);
    }
    for (let frame = firstFrame(bytes); frame !== null; frame = firstFrame(bytes)) {
      frames.push(frame);
      bytes = bytes.subarray(frame.length);
    }
    cut = bytes;
    if (frames.length > 0) yield frames;
  }
  if (cut.length > 0) throw noFrame(cut);
}

/** Null when it is not complete. */
function firstFrame(bytes: Buffer): Buffer | null {
  if (bytes.length < headerBytes) return null;
  const header = readHeader(bytes);
  if (header === null) throw noFrame(bytes);
  return header.sizeBytes > bytes.length ? null : bytes.subarray(0, header.sizeBytes);
}

function noFrame(bytes: Buffer): AttemptFailure {
  return new AttemptFailure('TRANSCODE_FAILED', {
    expected: 'an MP3 frame',
    found: bytes.toString('hex', 0, 16),
  });
}
