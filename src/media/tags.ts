// Makes the ID3 tag that stands in front of an MP3. ffmpeg could write neither COMM nor WOAS.

import { ID3Writer } from 'browser-id3-writer';
import type { ImageType } from 'browser-id3-writer';

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
export function id3Tag(tags: Tags, cover: Buffer | null): Buffer {
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

/** The length of the tag that these bytes begin with, 0 without one. ID3v2.3, 3.1: seven bits a byte. */
export function id3TagBytes(start: Uint8Array): number {
  if (start.length < 10 || String.fromCharCode(...start.subarray(0, 3)) !== 'ID3') return 0;
  return 10 + start.subarray(6, 10).reduce((length, byte) => length * 128 + byte, 0);
}
