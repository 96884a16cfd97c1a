// The one place that starts programs. A run owns a process group of its own, and is over only when
// no member of it is left. What the lines and the exit code mean is for the callers to say.

import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { AttemptFailure } from '../domain/failure.ts';
import { lineSplitter, lineTail } from './lines.ts';
import { endGroup, signalGroup } from './processGroup.ts';
import { within } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

/** From the polite signal to SIGKILL. Short: nothing that a tool could still save is ever kept. */
const graceMs = 500;
/** Writable memory of one tool. ffmpeg needs 60 MiB, yt-dlp 100, and a JavaScript runtime some 300. */
const memoryKib = 1024 * 1024;
/** yt-dlp holds a dozen open, a JavaScript runtime some thirty. */
const mostOpenFiles = 256;

const launcher = fileURLToPath(new URL('./launch.sh', import.meta.url));

/** Starts the launcher with the tool's arguments and exactly these options. */
export type Start = (launcher: string, options: SpawnOptions) => ChildProcess;

/** How a tool ended by itself. `exitCode` is null when a signal that was not ours ended it. */
export type Exit = {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last 40 lines of stderr, without control characters. For logs. */
  readonly stderrTail: readonly string[];
};

export type RunOptions = {
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
  readonly timeoutMs: number;
  /** Of the processor's time, over all its threads; the whole time-out if absent. */
  readonly maxCpuSeconds?: number;
  readonly signal: AbortSignal;
  /**
   * What the tool reads from stdin; nothing if absent. A piece is taken before the next is asked for. The signal
   * aborts when the tool reads no more. A thrown error ends the run, which then fails with it.
   */
  readonly input?: (signal: AbortSignal) => AsyncIterable<Buffer>;
  /**
   * Takes in stdout as bytes, which then has no lines. The run is over only when it has ended too. A thrown
   * error ends the run, which then fails with it.
   */
  readonly onOutput?: (stdout: AsyncIterable<Buffer>) => Promise<void>;
  /** Called with each line. A thrown error ends the run, which then fails with it. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Called each half second. A thrown error ends the run, which then fails with it. */
  readonly onTick?: () => void;
};

/** A plain start with these arguments, no shell. */
export function withArguments(args: readonly string[]): Start {
  return (path, options) => spawn(path, args, options);
}

/**
 * Runs one tool to its end. Fails with the signal's reason when aborted, with TIMED_OUT at the
 * deadline, with what a callback threw, or with an Error when the launcher cannot be started; in
 * every case only after the whole process group is gone.
 */
export async function run(options: RunOptions): Promise<Exit> {
  options.signal.throwIfAborted();
  const startedAt = performance.now();
  const child = options.start(launcher, {
    cwd: options.folder,
    env: {
      ...options.environment,
      LAUNCH_PARENT: String(process.pid),
      LAUNCH_TOOL: options.tool,
      LAUNCH_FILE_BLOCKS: String(Math.ceil(options.maxFileBytes / 512)),
      LAUNCH_MEMORY_KIB: String(memoryKib),
      LAUNCH_CPU_SECONDS: String(options.maxCpuSeconds ?? Math.ceil(options.timeoutMs / 1_000)),
      LAUNCH_OPEN_FILES: String(mostOpenFiles),
      LAUNCH_SANDBOX: options.sandbox ? within(options.sandbox, options.folder).join('\n') : '',
    },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const stopReasons: unknown[] = [];
  let force: NodeJS.Timeout | undefined;
  const stop = (reason: unknown) => {
    if (stopReasons.push(reason) > 1) return;
    signalGroup(child.pid, 'SIGTERM');
    force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs);
    if (options.onOutput) child.stdout?.destroy();
  };
  const orStop = (work: () => void) => {
    try {
      work();
    } catch (error) {
      stop(error);
    }
  };

  const tail = lineTail(40);
  const read = (stream: Readable | null, name: 'stdout' | 'stderr') => {
    const lines = lineSplitter((line) => {
      if (name === 'stderr') tail.push(line);
      if (stopReasons.length === 0) orStop(() => options.onLine?.(line, name));
    });
    // youtube-dl-exec's spawner hoards all output in memory until the end; its listener goes first.
    stream?.removeAllListeners('data').setEncoding('utf8');
    stream?.on('data', (chunk: string) => lines.write(chunk)).on('end', () => lines.end());
  };
  const flows: Promise<void>[] = [];
  if (options.input && child.stdin) flows.push(feed(options.input, child.stdin, stop));
  if (options.onOutput && child.stdout) flows.push(options.onOutput(child.stdout).catch(stop));
  if (!options.onOutput) read(child.stdout, 'stdout');
  read(child.stderr, 'stderr');

  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = new Promise<Omit<Exit, 'stderrTail'>>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`Cannot start ${launcher}`, { cause })));
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const deadline = setTimeout(() => {
    const ranMs = Math.round(performance.now() - startedAt);
    stop(
      new AttemptFailure('TIMED_OUT', {
        tool: basename(options.tool),
        ranMs,
        output: tail.lines(),
      }),
    );
  }, options.timeoutMs);
  const tick = setInterval(() => orStop(() => options.onTick?.()), 500);
  const onAbort = () => stop(options.signal.reason);
  options.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const exit = unwrap(await exited);
    await endGroup(child.pid);
    await Promise.all(flows);
    // The last lines may still be in the pipes; someone who left the group must not hold us up.
    await Promise.race([closed, delay(1_000, undefined, { ref: false })]);
    if (stopReasons.length > 0) throw stopReasons[0];
    return { ...exit, stderrTail: tail.lines() };
  } finally {
    clearTimeout(deadline);
    clearTimeout(force);
    clearInterval(tick);
    options.signal.removeEventListener('abort', onAbort);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** Of a tool that a signal has ended, its supervisor and bwrap say so with their exit code: 128 and the signal's number. */
function unwrap(exit: Omit<Exit, 'stderrTail'>): Omit<Exit, 'stderrTail'> {
  const number = (exit.exitCode ?? 0) - 128;
  const [signal] = Object.entries(constants.signals).find(([, each]) => each === number) ?? [];
  return signal === undefined ? exit : { exitCode: null, signal: signal as NodeJS.Signals };
}

/** A tool may end before it has read everything; whether it should have, its exit code tells. */
async function feed(
  input: NonNullable<RunOptions['input']>,
  stdin: Writable,
  onError: (error: unknown) => void,
): Promise<void> {
  const closed = new AbortController();
  stdin.once('close', () => closed.abort());
  stdin.on('error', () => {});
  const isTaken = (piece: Buffer) =>
    new Promise<boolean>((resolve) => stdin.write(piece, (error) => resolve(!error)));
  try {
    for await (const piece of input(closed.signal)) if (!(await isTaken(piece))) break;
  } catch (error) {
    onError(error);
  }
  stdin.end();
}
