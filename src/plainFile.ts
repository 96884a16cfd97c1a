// Opens what a tool has left in its folder, and what is served. A tool that a hostile file has taken over may put a
// link to somebody else's file there, or a pipe that never answers: neither is followed. It judges no content.

import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { nullWhenMissing } from './domain/fileFaults.ts';

/** Never waits for a writer, as opening a named pipe would. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a file for reading; the caller closes it. Throws what the system says (ENOENT, and ELOOP for a symbolic
 * link), or an Error for anything else that is no plain file.
 */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const file = await open(path, flags);
  const isPlain = await file.stat().then(
    (found) => found.isFile(),
    () => false,
  );
  if (isPlain) return file;
  await file.close();
  throw new Error(`${path} is no plain file`);
}

/** False for anything else under this name, and for nothing. */
export async function isPlainFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(nullWhenMissing))?.isFile() === true;
}
