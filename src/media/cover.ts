// Makes the square picture that players show from a site's thumbnail. A cover never fails a job:
// whatever is wrong with the picture, the answer is null.

import { join } from 'node:path';

import { openPlainFile } from '../plainFile.ts';
import { childEnvironment } from './environment.ts';
import type { Workplace } from './probe.ts';
import { withArguments } from './launch.ts';
import { run } from './process.ts';

/** Pixels a side, at most: a cover is sharp on a phone (some 100 kB), a thumbnail in a row (some 10 kB). */
const sides = { cover: 800, thumbnail: 256 } as const;
const maxBytes = 4_000_000;

export type SquarePictures = { readonly cover: Buffer; readonly thumbnail: Buffer };

/**
 * The middle square of the picture as JPEGs, both from one run of ffmpeg; null when it is missing, broken, of another
 * kind or too slow. Throws only the signal's reason, when aborted.
 */
export async function squarePictures(
  path: string | null,
  workplace: Workplace,
): Promise<SquarePictures | null> {
  if (path === null) return null;
  const [cover, thumbnail] = ['cover', 'thumbnail'].map((name) =>
    join(workplace.folder, `${name}.square.jpg`),
  ) as [string, string];
  try {
    const demuxer = await pictureDemuxer(path);
    if (demuxer === null) return null;
    const args = [
      // Half a picture is none: the connection may have broken in the middle of it.
      ['-nostdin', '-y', '-loglevel', 'error', '-xerror', '-err_detect', 'explode'],
      // More threads than one are started in vain for a single picture, at a fifth of what it takes.
      ['-threads', '1', '-protocol_whitelist', 'file,pipe', '-f', demuxer, '-i', path],
      squareArgs(sides.cover, cover),
      squareArgs(sides.thumbnail, thumbnail),
    ];
    const { exitCode } = await run({
      tool: workplace.ffmpeg.path,
      start: withArguments(args.flat()),
      folder: workplace.folder,
      environment: childEnvironment(workplace.hostEnvironment, workplace.folder),
      sandbox: workplace.ffmpeg.sandbox ?? null,
      maxFileBytes: maxBytes,
      timeoutMs: Math.min(10_000, workplace.timeoutMs),
      signal: workplace.signal,
    });
    if (exitCode !== 0) return null;
    return { cover: await readPicture(cover), thumbnail: await readPicture(thumbnail) };
  } catch {
    workplace.signal.throwIfAborted();
    return null;
  }
}

function squareArgs(maxSide: number, output: string): readonly string[] {
  const side = `min(${maxSide},iw)`;
  return [
    ['-frames:v', '1', '-vf', `crop='min(iw,ih)':'min(iw,ih)',scale='${side}':'${side}'`],
    ['-threads', '1', '-pix_fmt', 'yuvj420p', '-q:v', '3', '-f', 'mjpeg', output],
  ].flat();
}

async function readPicture(path: string): Promise<Buffer> {
  await using file = await openPlainFile(path);
  return await file.readFile();
}

/** Picked by the first bytes and forced on ffmpeg, which would else try all it has on a stranger's file. */
async function pictureDemuxer(path: string): Promise<string | null> {
  await using file = await openPlainFile(path);
  const { buffer } = await file.read(Buffer.alloc(12), 0, 12, 0);
  if (buffer.readUIntBE(0, 3) === 0xffd8ff) return 'jpeg_pipe';
  if (buffer.readUIntBE(0, 4) === 0x89504e47) return 'png_pipe';
  if (buffer.toString('latin1', 8, 12) === 'WEBP') return 'webp_pipe';
  return null;
}
