// A file system of a few megabytes, to be filled. Only root may mount one, which CI is.

import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { openFolder } from './folder.ts';

const run = promisify(execFile);

export type SmallDisk = AsyncDisposable & {
  readonly path: string;
  readonly freeBytes: () => Promise<number>;
};

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openFolder());
  const path = folder.file('disk');
  await mkdir(path);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', path]).catch(
    (cause: unknown) => {
      throw new Error('a small disk cannot be mounted: run this test as root', { cause });
    },
  );
  stack.defer(async () => {
    await run('umount', [path]);
  });
  const resources = stack.move();
  return {
    path,
    async freeBytes() {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
