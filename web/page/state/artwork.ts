// The covers. They are read out of our own MP3s, where the server has put them: the pictures of the
// sites lie on other hosts, and this page asks no other host for anything.

import { signal, type ReadonlySignal } from '@preact/signals';
import type { Job } from './jobs.ts';

/** More than most covers; the rest of a larger one is fetched when the tag says so. */
const firstBytes = 160 * 1024;
const sidePx = 192;
const headerBytes = 10;

const known = new Map<string, ReadonlySignal<string | null>>();
let last = Promise.resolve();

/** The address of the cover, null as long as there is none. One is fetched at a time. */
export function artworkOf({ result, options }: Pick<Job, 'result' | 'options'>) {
  if (result === null || !options.embedThumbnail) return null;
  const { url } = result;
  const found = known.get(url);
  if (found !== undefined) return found;
  const artwork = signal<string | null>(null);
  known.set(url, artwork);
  const before = last;
  last = (async () => {
    await before;
    // A picture fails nothing: without it the cassette stays.
    artwork.value = await readCover(url).catch(() => null);
  })();
  return artwork;
}

async function readCover(url: string): Promise<string | null> {
  let bytes = await fetchBytes(url, firstBytes);
  if (text(bytes, 0, 3) !== 'ID3') return null;
  const tagBytes = headerBytes + syncsafe(bytes, 6);
  if (tagBytes > bytes.length) bytes = await fetchBytes(url, tagBytes);
  const picture = findPicture(bytes.subarray(0, tagBytes));
  if (picture === null) return null;
  const bitmap = await createImageBitmap(new Blob([picture]), {
    resizeWidth: sidePx,
    resizeHeight: sidePx,
    resizeQuality: 'high',
  });
  const canvas = new OffscreenCanvas(sidePx, sidePx);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  return URL.createObjectURL(await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 }));
}

async function fetchBytes(url: string, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { headers: { range: `bytes=0-${count - 1}` } });
  return new Uint8Array(await response.arrayBuffer());
}

/** The bytes of the first attached picture (ID3v2.3, 3.3 and 4.15); null when there is none. */
function findPicture(tag: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  for (let at = headerBytes; at + headerBytes < tag.length;) {
    const length = new DataView(tag.buffer, tag.byteOffset + at + 4, 4).getUint32(0);
    const frame = tag.subarray(at + headerBytes, at + headerBytes + length);
    if (text(tag, at, 4) === 'APIC') {
      const jpeg = frame.findIndex((byte, index) => byte === 0xff && frame[index + 1] === 0xd8);
      return jpeg < 0 ? null : frame.subarray(jpeg);
    }
    if (length === 0) return null;
    at += headerBytes + length;
  }
  return null;
}

const text = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/** Four bytes of seven bits each (ID3v2.3, 3.1). */
const syncsafe = (bytes: Uint8Array, at: number) =>
  bytes.subarray(at, at + 4).reduce((sum, byte) => sum * 128 + byte, 0);
