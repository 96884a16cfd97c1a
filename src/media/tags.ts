// Writes the ID3 tag in front of a finished MP3, which is copied byte for byte: what was encoded,
// LAME's gapless header included, stays as it is. ffmpeg could write neither COMM nor WOAS.

import { createReadStream, createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { ID3Writer } from 'browser-id3-writer';
import type { ImageType } from 'browser-id3-writer';

import { AttemptFailure } from '../domain/failure.ts';

// ID3v2.3, 4.15. The package declares it as a const enum, which does not exist at run time.
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const frontCover = 3 as ImageType;

/** What players show. Null fields are left out. */
export type Tags = {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
  /** `YYYYMMDD`. */
  readonly date: string | null;
  /** The source's canonical address. */
  readonly sourceUrl: string;
};

/**
 * An ID3v2.3 tag, which every player reads, Windows' too. The link goes into WOAS, where it belongs,
 * and as a comment, where people see it. `cover` is a JPEG.
 */
function id3Tag(tags: Tags, cover: Buffer | null): Buffer {
  const writer = new ID3Writer(new ArrayBuffer(0));
  if (tags.title !== null) writer.setFrame('TIT2', tags.title);
  if (tags.artist !== null) writer.setFrame('TPE1', [tags.artist]);
  if (tags.album !== null) writer.setFrame('TALB', tags.album);
  if (tags.date !== null) {
    writer.setFrame('TYER', Number(tags.date.slice(0, 4)));
    writer.setFrame('TDAT', `${tags.date.slice(6, 8)}${tags.date.slice(4, 6)}`);
  }
  writer.setFrame('WOAS', tags.sourceUrl);
  writer.setFrame('COMM', { language: 'eng', description: '', text: tags.sourceUrl });
  if (cover !== null) {
    const data = Uint8Array.from(cover).buffer;
    writer.setFrame('APIC', { type: frontCover, data, description: 'Cover' });
  }
  return Buffer.from(writer.addTag());
}

/** Writes `output`: the tag, then `input`. Throws STORAGE_FULL, or the signal's reason when aborted. */
export async function tag(request: {
  readonly input: string;
  readonly output: string;
  readonly tags: Tags;
  readonly cover: Buffer | null;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { input, output, signal } = request;
  try {
    await writeFile(output, id3Tag(request.tags, request.cover), { flag: 'wx', mode: 0o600 });
    await pipeline(createReadStream(input), createWriteStream(output, { flags: 'a' }), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new AttemptFailure('STORAGE_FULL', { code }, { cause });
    }
    throw cause;
  }
}
