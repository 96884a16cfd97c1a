// The one place that starts programs, each confined and in a process group of its own. Whoever starts one has to attend
// to it (process.ts), or to dismiss it.

import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { endGroup, signalGroup } from './processGroup.ts';
import { within } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

/** Writable memory of one tool. ffmpeg needs 60 MiB, yt-dlp 100, and a JavaScript runtime some 300. */
const memoryKib = 1024 * 1024;
/** yt-dlp holds a dozen open, a JavaScript runtime some thirty. */
const mostOpenFiles = 256;

const launcher = fileURLToPath(new URL('./launch.sh', import.meta.url));

/** Starts the launcher with the tool's arguments and exactly these options. */
export type Start = (launcher: string, options: SpawnOptions) => ChildProcess;

export type LaunchOptions = {
  /** Absolute path of the program. */
  readonly tool: string;
  readonly start: Start;
  /** The work folder: current directory of the tool, and the only place that it should write to. */
  readonly folder: string;
  /** Everything the tool sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Null, or absent: it sees what this process sees. */
  readonly sandbox?: Sandbox | null;
  /** No file that the tool writes can grow beyond this. */
  readonly maxFileBytes: number;
  /** Of the processor's time, over all its threads. */
  readonly maxCpuSeconds: number;
  /** Whether it will have something to read from stdin. */
  readonly hasInput: boolean;
};

/** A program that runs, and that nobody listens to yet. */
export type Launched = {
  readonly child: ChildProcess;
  /** Its name, for logs. */
  readonly tool: string;
  readonly isOver: () => boolean;
  readonly exited: Promise<LaunchEnd>;
  readonly closed: Promise<void>;
};

/** How a program ended; `exitCode` is null when a signal ended it. */
export type LaunchEnd = {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
};

/** A plain start with these arguments, no shell. */
export function withArguments(args: readonly string[]): Start {
  return (path, options) => spawn(path, args, options);
}

/** Starts a tool, which somebody has to attend or to dismiss: nothing else ends it. */
export function launch(options: LaunchOptions): Launched {
  const child = options.start(launcher, {
    cwd: options.folder,
    env: {
      ...options.environment,
      LAUNCH_PARENT: String(process.pid),
      LAUNCH_TOOL: options.tool,
      LAUNCH_FILE_BLOCKS: String(Math.ceil(options.maxFileBytes / 512)),
      LAUNCH_MEMORY_KIB: String(memoryKib),
      LAUNCH_CPU_SECONDS: String(options.maxCpuSeconds),
      LAUNCH_OPEN_FILES: String(mostOpenFiles),
      LAUNCH_SANDBOX: options.sandbox ? within(options.sandbox, options.folder).join('\n') : '',
    },
    stdio: [options.hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let isOver = false;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = new Promise<LaunchEnd>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`Cannot start ${launcher}`, { cause })));
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const end = () => {
    isOver = true;
  };
  exited.then(end, end);
  return { child, tool: basename(options.tool), isOver: () => isOver, exited, closed };
}

/** Ends a tool that nobody attends. Resolves when its whole process group is gone. */
export async function dismiss({ child, exited }: Launched): Promise<void> {
  signalGroup(child.pid, 'SIGKILL');
  await exited.catch(() => {});
  await endGroup(child.pid);
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}
