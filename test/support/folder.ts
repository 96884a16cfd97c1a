// A folder for one test, gone with everything in it when the test is done.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Folder = AsyncDisposable & {
  readonly path: string;
  /** The path of a file in it. */
  readonly file: (name: string) => string;
};

/** Names the test run: environment.ts knows by it whose folders are left, and not another run's. */
export const folderPrefix = `tapedeck-test-${process.pid}-`;

export async function openFolder(parent = tmpdir()): Promise<Folder> {
  const path = await mkdtemp(join(parent, folderPrefix));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
