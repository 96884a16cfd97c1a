// The MP3 as it grows on disk: the tag first, a silent frame, then the sound in order. Whoever reads it
// meanwhile never sees a byte change but in that frame, which in the end tells the length and where to seek.

import { open, rm } from 'node:fs/promises';

import { AttemptFailure } from '../../domain/failure.ts';
import { refuseWhenFull } from '../../domain/fileFaults.ts';
import { crc16, infoFrame, silentFrame } from './infoFrame.ts';

export type Mp3File = AsyncDisposable & {
  /** Throws AttemptFailure STORAGE_FULL. */
  append(frames: readonly Buffer[]): Promise<void>;
  /** Writes the first frame anew; `samples` is the length of the sound that went into the encoder. */
  complete(samples: number): Promise<void>;
};

/** Begins the file at `path`, in the place of whatever is there. Nothing is written before the first frame. */
export async function createMp3File(
  path: string,
  options: {
    readonly tag: Buffer | Promise<Buffer>;
    readonly isVariable: boolean;
    /** Called when the first frames are on disk. */
    readonly onBegun: () => void;
  },
): Promise<Mp3File> {
  // Whoever reads what an earlier try has written must not see it become another sound.
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o600);
  const join = joiner();
  const offsets: number[] = [];
  let firstFrame: Buffer | null = null;
  let bytes = 0;
  let checksum = 0;

  return {
    async append(frames) {
      const [first] = frames;
      if (first === undefined) return;
      const parts = [...frames];
      const isFirst = firstFrame === null;
      if (isFirst) {
        firstFrame = Buffer.from(first);
        parts.unshift(await options.tag, silentFrame(first));
      }
      for (const frame of frames) {
        offsets.push(bytes);
        bytes += frame.length;
        checksum = crc16(frame, checksum);
      }
      await file.appendFile(join(parts)).catch(refuseWhenFull);
      if (isFirst) options.onBegun();
    },
    async complete(samples) {
      if (firstFrame === null) throw new AttemptFailure('NO_AUDIO', { samples });
      const { isVariable } = options;
      const { length } = await options.tag;
      const info = infoFrame(firstFrame, { samples, offsets, bytes, checksum, isVariable });
      await file.write(info, 0, info.length, length).catch(refuseWhenFull);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Where frames wait until their turn comes. */
export type FrameFile = AsyncDisposable & Pick<Mp3File, 'append'>;

/** Begins a file of frames and nothing else. */
export async function createFrameFile(path: string): Promise<FrameFile> {
  const file = await open(path, 'w', 0o600);
  const join = joiner();
  return {
    append: (frames) => file.appendFile(join(frames)).catch(refuseWhenFull),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Joins buffers in one of its own, which is filled anew by the next call. */
function joiner(): (parts: readonly Buffer[]) => Buffer {
  let room: Buffer = Buffer.alloc(0);
  return (parts) => {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes > room.length) room = Buffer.allocUnsafe(bytes);
    let end = 0;
    for (const part of parts) end += part.copy(room, end);
    return room.subarray(0, bytes);
  };
}
