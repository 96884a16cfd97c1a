// Opens and reads what a tool has left in its folder, and what is served. A tool that a hostile file has taken over may
// put a link to somebody else's file there, or a pipe that never answers: neither is followed. It judges no content.

import { createHash } from 'node:crypto';
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

/**
 * A good size for a buffer that all pieces of a file are read into, one after the other. A new one for each would be
 * megabytes of garbage for each song, and collecting it a tenth of what a conversion costs this process.
 */
export const pieceBytes = 64 * 1024;

/** The next bytes at `position` into the buffer; empty at the end of what is there. */
export async function readPiece(
  file: FileHandle,
  buffer: Buffer,
  position: number,
  most = buffer.length,
): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, Math.min(most, buffer.length), position);
  return buffer.subarray(0, bytesRead);
}

/** In hexadecimal digits. Throws as openPlainFile does. */
export async function sha256Of(path: string): Promise<string> {
  await using file = await openPlainFile(path);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let position = 0;
  while (true) {
    const piece = await readPiece(file, buffer, position);
    if (piece.length === 0) return hash.digest('hex');
    hash.update(piece);
    position += piece.length;
  }
}
