// Tapedeck as its users run it: a process of its own, started by its entry, stopped by signals.

import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** As `npm start` has it: a third of the processor time that a start costs. */
const compiled = fileURLToPath(new URL('../../.cache/compiled', import.meta.url));

export type Tapedeck = AsyncDisposable & {
  readonly url: string;
  readonly pid: number;
  /** Everything that it wrote so far. */
  readonly output: () => string;
  /** Settles when it is gone; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Sends the signal, and resolves with the exit code when the process is gone; null when a signal ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
};

type Options = {
  readonly dataFolder: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** What it is to do instead of running. */
  readonly command?: string;
  /** What follows the command. */
  readonly args?: readonly string[];
  /** In a process group of its own, where a test can press Ctrl+C: `process.kill(-pid, 'SIGINT')`. */
  readonly detached?: boolean;
};

/** A process of Tapedeck's, ready or not. */
export type Launched = {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly output: () => string;
  /** What it wrote to stderr so far. */
  readonly complaints: () => string;
  /** Settles when it is gone; null when a signal ended it. */
  readonly exited: Promise<number | null>;
};

const startTimeoutMs = 60_000;

/** What each of this test file wrote: environment.ts adds it to the message of a test that fails. */
const launched: Launched[] = [];
Object.assign(globalThis, { launchedTapedecks: launched });

/** Starts it and waits until it says that it is ready. */
export async function startTapedeck(options: Options): Promise<Tapedeck> {
  const { child, output, exited } = launch(options);
  const ready = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, url] = /Tapedeck is ready: (?:open (\S+?)"|this worker)/.exec(line) ?? [];
    if (line.includes('Tapedeck is ready')) ready.resolve(url ?? '');
  });
  const late = setTimeout(() => {
    ready.reject(new Error(`not ready after ${startTimeoutMs} ms; it wrote:\n${output()}`));
  }, startTimeoutMs);
  void exited.then((code) => ready.reject(new Error(`exit ${code}; it wrote:\n${output()}`)));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return exited;
  };
  try {
    const url = await ready.promise;
    return {
      ...{ url, pid: child.pid ?? 0, output, exited, stop },
      async [Symbol.asyncDispose]() {
        await stop();
      },
    };
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Starts it where it cannot run; resolves when it gave up, with what it told the person at the terminal. */
export async function runToExit(
  options: Options,
): Promise<{ exitCode: number | null; output: string; complaints: string }> {
  const { output, complaints, exited } = launch(options);
  return { exitCode: await exited, output: output(), complaints: complaints() };
}

/** Starts it and waits for nothing. */
export function launch({
  dataFolder,
  settings = {},
  command,
  args = [],
  detached = false,
}: Options): Launched {
  const child = spawn(
    process.execPath,
    [entry, ...(command === undefined ? [] : [command, ...args])],
    {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: '0',
        DATA_DIR: dataFolder,
        WORKER_CONCURRENCY: '2',
        LOG_FORMAT: 'json',
        NODE_COMPILE_CACHE: compiled,
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached,
    },
  );
  let [written, complained] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk;
    complained += chunk;
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const tapedeck = { child, output: () => written, complaints: () => complained, exited };
  launched.push(tapedeck);
  return tapedeck;
}
