// Reads a file from its start to its end, piece by piece, in one buffer: a new one for each piece would be megabytes of
// garbage for each song, and collecting it a tenth of what a conversion costs this process. It writes nothing.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { openPlainFile } from './plainFile.ts';

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
