// One run of a tool, from its first line to the end of its last process. What the lines and the exit code mean is for
// the callers to say; launch.ts starts it.

import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { AttemptFailure } from '../domain/failure.ts';
import { launch } from './launch.ts';
import type { Launched, LaunchEnd, LaunchOptions } from './launch.ts';
import { lineSplitter, lineTail } from './lines.ts';
import { endGroup, signalGroup } from './processGroup.ts';

/** From the polite signal to SIGKILL. Short: nothing that a tool could still save is ever kept. */
const graceMs = 500;

/** How a tool ended by itself. `exitCode` is null when a signal that was not ours ended it. */
export type Exit = LaunchEnd & {
  /** The last 40 lines of stderr, without control characters. For logs. */
  readonly stderrTail: readonly string[];
};

export type AttendOptions = {
  /** From now on. */
  readonly timeoutMs: number;
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

/** `maxCpuSeconds` is the whole time-out if absent. */
export type RunOptions = Omit<LaunchOptions, 'maxCpuSeconds' | 'hasInput'> &
  AttendOptions & { readonly maxCpuSeconds?: number };

/** Launches a tool and attends it to its end: as `attend` says. */
export async function run(options: RunOptions): Promise<Exit> {
  options.signal.throwIfAborted();
  const { maxCpuSeconds = Math.ceil(options.timeoutMs / 1_000) } = options;
  const hasInput = options.input !== undefined;
  return attend(launch({ ...options, maxCpuSeconds, hasInput }), options);
}

/**
 * Listens to a tool that was launched until it has ended. Fails with the signal's reason when aborted, with TIMED_OUT
 * at the deadline, with what a callback threw, or with an Error when the launcher could not be started; in every case
 * only after the whole process group is gone.
 */
export async function attend(launched: Launched, options: AttendOptions): Promise<Exit> {
  const { child, tool, exited, closed } = launched;
  const attendedAt = performance.now();
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

  const deadline = setTimeout(() => {
    const ranMs = Math.round(performance.now() - attendedAt);
    stop(new AttemptFailure('TIMED_OUT', { tool, ranMs, output: tail.lines() }));
  }, options.timeoutMs);
  const tick = setInterval(() => orStop(() => options.onTick?.()), 500);
  const onAbort = () => stop(options.signal.reason);
  options.signal.addEventListener('abort', onAbort, { once: true });
  // It may have come since the launch.
  if (options.signal.aborted) onAbort();
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
function unwrap(exit: LaunchEnd): LaunchEnd {
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
