// An attempt's work folder, the real tools, and what else the media layer wants to know: for tests
// without a job.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Workplace } from '../../src/media/probe.ts';
import { findTools } from '../../src/media/tools.ts';
import type { Tools } from '../../src/media/tools.ts';
import { processesIn } from './processes.ts';

export type TestWorkplace = Workplace &
  AsyncDisposable & {
    readonly ytdlp: Tools['ytdlp'];
    /** Aborts `signal`. */
    readonly abort: (reason: Error) => void;
    /** The path of a file in the folder. */
    readonly file: (name: string) => string;
  };

let tools: Promise<Tools> | null = null;

/** A fresh folder. Disposing removes it; it throws when somebody still works in it. */
export async function openWorkplace(): Promise<TestWorkplace> {
  tools ??= findTools({
    ytdlpPath: process.env['YTDLP_PATH'] ?? null,
    ffmpegPath: process.env['FFMPEG_PATH'] ?? null,
    searchPath: process.env['PATH'] ?? '',
  });
  const { ytdlp, ffmpeg } = await tools;
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tapedeck-work-')));
  const controller = new AbortController();
  return {
    ytdlp,
    ffmpeg,
    folder,
    hostEnvironment: { PATH: process.env['PATH'] },
    signal: controller.signal,
    timeoutMs: 60_000,
    abort: (reason) => controller.abort(reason),
    file: (name) => join(folder, name),
    async [Symbol.asyncDispose]() {
      const left = await processesIn(folder);
      await rm(folder, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`left behind in ${folder}: ${left.join('; ')}`);
    },
  };
}
