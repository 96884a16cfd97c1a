// A source that is still being downloaded, readable from its first byte on, so that the encoder need not
// wait for the last. It downloads nothing, and only a look at the whole file tells if what was read is right.

import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

import { nullWhenMissing } from '../domain/fileFaults.ts';
import { openPlainFile, pieceBytes, readPiece } from '../plainFile.ts';
import type { BegunSource, FetchedSource } from './ytdlp.ts';

export type GrowingSource = {
  /** Settles when the first bytes are there. Never rejects: who waits for it is ended by its signal. */
  readonly begun: Promise<BegunSource>;
  /** Settles when the file is whole. Never rejects either. */
  readonly whole: Promise<FetchedSource>;
  begin(source: BegunSource): void;
  complete(source: FetchedSource): void;
  /**
   * The bytes in order, waiting for those to come; ends when the file is whole and read, or on the signal. Each
   * piece is good until the next is asked for.
   */
  read(signal: AbortSignal): AsyncGenerator<Buffer>;
  /**
   * True when everything that was read is what the whole file holds. It is not when the site would not
   * resume a broken download, and yt-dlp began again from the start.
   */
  hasKeptItsWord(): Promise<boolean>;
};

/** How long a reader waits for more. A look costs microseconds, and the encoder has a buffer meanwhile. */
const pauseMs = 25;

/** One for each attempt. */
export function growingSource(): GrowingSource {
  const begun = Promise.withResolvers<BegunSource>();
  const whole = Promise.withResolvers<FetchedSource>();
  const readings: { bytes: number; checksum: number }[] = [];
  let isWhole = false;

  async function* read(signal: AbortSignal): AsyncGenerator<Buffer> {
    const reading = { bytes: 0, checksum: 0 };
    readings.push(reading);
    await using file = await openFirst((await begun.promise).paths, signal);
    if (file === null) return;
    const buffer = Buffer.allocUnsafe(pieceBytes);
    while (!signal.aborted) {
      // In this order: what was appended before it became whole is read after.
      const isLast = isWhole;
      const piece = await readPiece(file, buffer, reading.bytes);
      if (piece.length > 0) {
        reading.bytes += piece.length;
        reading.checksum = crc32(piece, reading.checksum);
        yield piece;
      } else if (isLast) {
        return;
      } else {
        await delay(pauseMs);
      }
    }
  }

  return {
    begun: begun.promise,
    whole: whole.promise,
    begin: begun.resolve,
    complete(source) {
      isWhole = true;
      whole.resolve(source);
    },
    read,
    async hasKeptItsWord() {
      await using file = await openPlainFile((await whole.promise).audioPath);
      const buffer = Buffer.allocUnsafe(pieceBytes);
      let position = 0;
      let checksum = 0;
      for (const reading of readings.toSorted((a, b) => a.bytes - b.bytes)) {
        while (position < reading.bytes) {
          const piece = await readPiece(file, buffer, position, reading.bytes - position);
          if (piece.length === 0) return false;
          position += piece.length;
          checksum = crc32(piece, checksum);
        }
        if (checksum !== reading.checksum) return false;
      }
      return true;
    },
  };
}

/** The file may be renamed between two looks, so a miss of all names is no answer yet. */
async function openFirst(
  paths: readonly string[],
  signal: AbortSignal,
): Promise<FileHandle | null> {
  while (!signal.aborted) {
    for (const path of paths) {
      const file = await openPlainFile(path).catch(nullWhenMissing);
      if (file !== null) return file;
    }
    await delay(pauseMs);
  }
  return null;
}
