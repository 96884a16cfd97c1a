// An MP3 that is read while it is written. It only tells where the file is by now; whether the job has
// succeeded, the row tells.

import { open, stat } from 'node:fs/promises';

export type GrowingMp3 = AsyncDisposable & {
  /** What there is from `position` on, at most 64 KiB; empty when there is nothing more for now. */
  read(position: number): Promise<Buffer>;
  /** Under the name where it grows, in the store and so whole, or given up. */
  locate(): Promise<'growing' | 'stored' | 'gone'>;
};

const chunkBytes = 64 * 1024;

/** Null when there is no file at `growingPath`. */
export async function openGrowingMp3(
  growingPath: string,
  storedPath: string,
): Promise<GrowingMp3 | null> {
  const file = await open(growingPath, 'r').catch(() => null);
  if (file === null) return null;
  const { ino, dev } = await file.stat();
  // Another file may have come under the name: then this one was given up.
  const isAt = async (path: string) => {
    const found = await stat(path).catch(() => null);
    return found !== null && found.ino === ino && found.dev === dev;
  };
  return {
    async read(position) {
      const target = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await file.read(target, 0, chunkBytes, position);
      return target.subarray(0, bytesRead);
    },
    async locate() {
      if (await isAt(growingPath)) return 'growing';
      return (await isAt(storedPath)) ? 'stored' : 'gone';
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
