// Media files for tests, made by ffmpeg when first wanted and shared by all test files and runs.
// It keeps no binary in git, and never cleans up: the content is deterministic and stays small.

import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Not `tapedeck-test-…`: what bears that name must be gone when a test file ends. */
const folder = join(tmpdir(), 'tapedeck-clips');
const underway = new Map<string, Promise<string>>();

/** What a clip is made of. Equal `key`, `args` and `extension` must mean equal bytes. */
export type ClipRecipe = {
  readonly ffmpegPath: string;
  /** Names what `input` yields; empty without input. */
  readonly key?: string;
  /** Everything between `ffmpeg` and the output file. */
  readonly args: readonly string[];
  readonly extension: string;
  /** Written to ffmpeg's standard input. */
  readonly input?: () => Iterable<Buffer>;
};

/** The path of the finished clip. Throws with ffmpeg's own words when it cannot be made. */
export function clip(recipe: ClipRecipe): Promise<string> {
  const identity = JSON.stringify([recipe.key ?? '', recipe.args]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 24);
  const path = join(folder, `${hash}.${recipe.extension}`);
  const making = underway.get(path) ?? make(path, recipe);
  underway.set(path, making);
  return making;
}

async function make(path: string, recipe: ClipRecipe): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  await mkdir(folder, { recursive: true });
  // Renamed when complete: another test process sees the whole file or none.
  const unfinished = join(folder, `${randomUUID()}.${recipe.extension}`);
  try {
    await ffmpeg(recipe.ffmpegPath, [...recipe.args, unfinished], recipe.input?.());
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

/** Runs ffmpeg to its end and gives its standard output. Throws with its stderr when it fails. */
export async function ffmpeg(
  ffmpegPath: string,
  args: readonly string[],
  input: Iterable<Buffer> = [],
): Promise<Buffer> {
  const child = spawn(ffmpegPath, ['-hide_banner', '-v', 'error', ...args]);
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => stdout.push(data));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const [[exitCode]] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    // ffmpeg closes its input when it gives up; the exit code below tells that better than EPIPE.
    pipeline(Readable.from(input), child.stdin).catch(() => undefined),
  ]);
  if (exitCode !== 0)
    throw new Error(`ffmpeg ${args.join(' ')} exited with ${exitCode}: ${stderr.slice(-1_000)}`);
  return Buffer.concat(stdout);
}
