// A source that is still being downloaded, readable from its first byte on, so that the encoder need not
// wait for the last. It downloads nothing, and only a look at the whole file tells if what was read is right.

import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

import { nullWhenMissing } from '../domain/fileFaults.ts';
import { openPlainFile } from '../plainFile.ts';
import type { BegunSource, FetchedSource } from './ytdlp.ts';

export type GrowingSource = {
  /** Settles when the first bytes are there. Never rejects: who waits for it is ended by its signal. */
  readonly begun: Promise<BegunSource>;
  /** Settles when the file is whole. Never rejects either. */
  readonly whole: Promise<FetchedSource>;
  begin(source: BegunSource): void;
  complete(source: FetchedSource): void;
  /** The bytes in order, waiting for those to come; ends when the file is whole and read, or on the signal. */
  read(signal: AbortSignal): AsyncGenerator<Buffer>;
  /**
   * True when everything that was read is what the whole file holds. It is not when the site would not
   * resume a broken download, and yt-dlp began again from the start.
   */
  hasKeptItsWord(): Promise<boolean>;
};

/** How long a reader waits for more. A stat costs microseconds, and the encoder has a buffer meanwhile. */
const pauseMs = 25;
const chunkBytes = 64 * 1024;

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
    while (!signal.aborted) {
      // In this order: what was appended before it became whole is read after.
      const isLast = isWhole;
      // Looked at first: a buffer for each look would be megabytes a second while a download stands still.
      const { size } = await file.stat();
      if (size > reading.bytes) {
        const chunk = await readChunk(file, reading.bytes);
        reading.bytes += chunk.length;
        reading.checksum = crc32(chunk, reading.checksum);
        yield chunk;
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
      let position = 0;
      let checksum = 0;
      for (const reading of readings.toSorted((a, b) => a.bytes - b.bytes)) {
        while (position < reading.bytes) {
          const chunk = await readChunk(file, position, reading.bytes - position);
          if (chunk.length === 0) return false;
          position += chunk.length;
          checksum = crc32(chunk, checksum);
        }
        if (checksum !== reading.checksum) return false;
      }
      return true;
    },
  };
}

async function readChunk(file: FileHandle, position: number, most = chunkBytes): Promise<Buffer> {
  const wanted = Math.min(most, chunkBytes);
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
  return buffer.subarray(0, bytesRead);
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
