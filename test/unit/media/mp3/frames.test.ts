import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFrames, readHeader } from '../../../../src/media/mp3/frames.ts';

/** MPEG-1 Layer III without CRC, at 128 kbit/s and 44.1 kHz: 417 bytes, with padding 418. */
function frame(fill: number, padding = 0): Buffer {
  const bytes = Buffer.alloc(417 + padding, fill);
  Buffer.from([0xff, 0xfb, 0x90 | (padding << 1), 0x44]).copy(bytes);
  return bytes;
}

async function* chunksOf(bytes: Buffer, sizes: readonly number[]) {
  let at = 0;
  for (const size of sizes) yield bytes.subarray(at, (at += size));
  yield bytes.subarray(at);
}

test('a header tells size, rates and where the sound begins', () => {
  const stereo = { sampleRate: 44_100, bitrateKbps: 128, headBytes: 36 };
  expect(readHeader(frame(0))).toEqual({ sizeBytes: 417, ...stereo });
  expect(readHeader(frame(0, 1))).toEqual({ sizeBytes: 418, ...stereo });
  const mono = Buffer.from([0xff, 0xfb, 0xe8, 0xc4]);
  expect(readHeader(mono)).toEqual({
    ...{ sizeBytes: 1_440, sampleRate: 32_000, bitrateKbps: 320, headBytes: 21 },
  });
});

test.each([
  ['no sync', [0xff, 0x0b, 0x90, 0x44]],
  ['MPEG-2', [0xff, 0xf3, 0x90, 0x44]],
  ['Layer II', [0xff, 0xfd, 0x90, 0x44]],
  ['a CRC', [0xff, 0xfa, 0x90, 0x44]],
  ['a free bitrate', [0xff, 0xfb, 0x00, 0x44]],
  ['a bad bitrate', [0xff, 0xfb, 0xf0, 0x44]],
  ['a reserved sample rate', [0xff, 0xfb, 0x9c, 0x44]],
])('%s is no frame of ours', (_what, bytes) => {
  expect(readHeader(Buffer.from(bytes))).toBeNull();
});

test('frames come out whole and in order, however the bytes are cut', async () => {
  const frames = Array.from({ length: 20 }, (_, nth) => frame(nth, nth % 2));
  const bytes = Buffer.concat(frames);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(900), { maxLength: 30 }), async (sizes) => {
      const seen: Buffer[] = [];
      for await (const some of readFrames(chunksOf(bytes, sizes))) seen.push(...some);
      expect(Buffer.concat(seen).equals(bytes)).toBe(true);
      expect(seen.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
    }),
    { seed: 1 },
  );
});

test.each([
  ['garbage between them', Buffer.concat([frame(1), Buffer.from('garbage'), frame(2)])],
  ['a last one that is cut', Buffer.concat([frame(1), frame(2).subarray(0, 300)])],
])('%s is TRANSCODE_FAILED', async (_what, bytes) => {
  const read = async () => {
    for await (const _ of readFrames(chunksOf(bytes, [])));
  };
  await expect(read()).rejects.toMatchObject({ code: 'TRANSCODE_FAILED' });
});
