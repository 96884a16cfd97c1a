// How a media file reaches the client: whole, slowly, cut, garbled, never ending. Words shared by the
// stand-in for YouTube and the plain media server; transfer.ts does the sending.

import { readFile } from 'node:fs/promises';

/** `times` counts down with every use; when it is 0 the file is delivered normally. */
export type Delivery =
  | { kind: 'normal' }
  | { kind: 'throttled'; bytesPerSecond: number }
  /** The connection ends at the middle of the file; a resumed transfer gets no answer at all. */
  | { kind: 'cut'; times: number; onlyFromStart?: boolean }
  /**
   * Like `cut`, but a resumed transfer gets headers and no byte. yt-dlp (2026.08.19, with the chunks of
   * its YouTube extractor) then asks again for ever, without a pause: only a deadline ends it.
   */
  | { kind: 'starved' }
  /** Silence from the middle of the file on, until the client leaves. */
  | { kind: 'stalled' }
  | { kind: 'status'; status: number; times: number }
  | { kind: 'redirect'; to: string }
  /** No length and no end: sound-like bytes, 8 MiB a second, until the client leaves. */
  | { kind: 'endless' }
  /** The file is only half there, and everything announced about it agrees. */
  | { kind: 'truncated' }
  /** The right length; the sound itself is noise. */
  | { kind: 'corrupt' };

/** How many bytes a file of `sizeBytes` shows to clients; null when no length is announced. */
export function announcedBytes(sizeBytes: number, delivery: Delivery): number | null {
  if (delivery.kind === 'endless') return null;
  return delivery.kind === 'truncated' ? Math.floor(sizeBytes / 2) : sizeBytes;
}

/** The bytes of the file as they will be sent. */
export async function contentOf(path: string, delivery: Delivery): Promise<Buffer> {
  const bytes = await readFile(path);
  if (delivery.kind === 'truncated') return bytes.subarray(0, Math.floor(bytes.length / 2));
  // From the first sample on, so that the container still looks right.
  if (delivery.kind === 'corrupt') {
    const start = Math.max(bytes.indexOf('mdat') + 4, 1024);
    for (let offset = start; offset < bytes.length; offset += 1) {
      bytes[offset] = Math.imul(offset, 0x9e3779b1) >>> 24;
    }
  }
  return bytes;
}
