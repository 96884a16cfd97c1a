import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { childEnvironment } from '../../../src/media/environment.ts';
import { withArguments } from '../../../src/media/launch.ts';
import { run } from '../../../src/media/process.ts';
import type { RunOptions } from '../../../src/media/process.ts';
import { processesIn } from '../../support/processes.ts';
import { openWorkplace } from '../../support/workplace.ts';
import type { TestWorkplace } from '../../support/workplace.ts';

let workplace: TestWorkplace;
beforeEach(async () => {
  workplace = await openWorkplace();
});
afterEach(async () => {
  await workplace[Symbol.asyncDispose]();
});

type Fake =
  'hangs' | 'fails' | 'ignores-sigterm' | 'leaves-a-child' | 'floods' | 'fills-the-disk' | 'tells';
const fake = (name: Fake) => fileURLToPath(new URL(`../../support/bin/${name}`, import.meta.url));

function start(tool: string, changes: Partial<RunOptions> = {}) {
  return run({
    tool,
    start: withArguments([]),
    folder: workplace.folder,
    environment: childEnvironment(workplace.hostEnvironment, workplace.folder),
    maxFileBytes: 1_000_000,
    timeoutMs: 20_000,
    signal: workplace.signal,
    ...changes,
  });
}

/** Starts a tool and waits until it has said that it is ready. */
async function startReady(tool: Fake, changes: Partial<RunOptions> = {}) {
  const ready = Promise.withResolvers<void>();
  const ended = start(fake(tool), { ...changes, onLine: () => ready.resolve() });
  ended.catch(() => {});
  await ready.promise;
  return { ended };
}

async function failureOf(ended: Promise<unknown>): Promise<unknown> {
  return ended.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

test('a run resolves with the exit code and the end of stderr, without control characters', async () => {
  const exit = await start(fake('fails'));
  expect(exit).toMatchObject({ exitCode: 3, signal: null });
  expect(exit.stderrTail).toHaveLength(40);
  expect(exit.stderrTail.at(-1)).toBe('ERROR: [31mfinal[0m complaint');
});

test('the tool gets its arguments untouched, and of the environment only the allow-list', async () => {
  const strange = ['--', '-rf', '$(touch pwned)', 'a b', "';", '*', 'line\nbreak'];
  const lines: string[] = [];
  await start(fake('tells'), {
    start: withArguments(strange),
    environment: childEnvironment(
      { ...workplace.hostEnvironment, DATABASE_URL: 'postgres://secret' },
      workplace.folder,
    ),
    onLine: (line) => lines.push(line),
  });
  const told = (kind: string) =>
    lines.filter((line) => line.startsWith(kind)).map((line) => line.slice(kind.length + 1));
  expect(told('argument')).toEqual(['--', '-rf', '$(touch pwned)', 'a b', "';", '*', 'line']);
  const names = told('variable').map((variable) => variable.split('=', 1)[0]);
  // PWD is the shell's own.
  expect(new Set(names)).toEqual(new Set(['HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']));
});

test('a tool reads what it is fed and gives its output as bytes, however large', async () => {
  async function* input() {
    for (let count = 0; count < 300; count += 1) yield Buffer.alloc(10_000, count);
  }
  const hash = createHash('sha256');
  for await (const chunk of input()) hash.update(chunk);
  const seen = createHash('sha256');
  const exit = await start('/bin/cat', {
    input,
    async onOutput(stdout) {
      for await (const chunk of stdout) seen.update(chunk);
    },
  });
  expect(exit.exitCode).toBe(0);
  expect(seen.digest('hex')).toBe(hash.digest('hex'));
});

test('a tool may stop reading: its input is told, and its exit code decides', async () => {
  const told = Promise.withResolvers<void>();
  async function* endless(signal: AbortSignal) {
    signal.addEventListener('abort', () => told.resolve());
    for (;;) yield Buffer.alloc(10_000);
  }
  const head = withArguments(['-c', '5']);
  const exit = await start('/usr/bin/head', { start: head, input: endless });
  await told.promise;
  expect(exit.exitCode).toBe(0);
});

test('files of a tool are readable by us alone', async () => {
  await start(fake('tells'));
  expect((await stat(workplace.file('written'))).mode & 0o777).toBe(0o600);
});

describe('stopping', () => {
  test('an abort ends the tool and its children within a second, with the reason', async () => {
    const { ended } = await startReady('hangs');
    const working = await processesIn(workplace.folder);
    expect(working.filter((command) => !command.includes('supervise.sh'))).toHaveLength(2);
    const abortedAt = performance.now();
    workplace.abort(new Error('canceled by the caller'));
    expect(await failureOf(ended)).toEqual(new Error('canceled by the caller'));
    expect(performance.now() - abortedAt).toBeLessThan(1_000);
    expect(await processesIn(workplace.folder)).toEqual([]);
  });

  test('a tool that ignores SIGTERM is killed within a second all the same', async () => {
    const { ended } = await startReady('ignores-sigterm');
    const abortedAt = performance.now();
    workplace.abort(new Error('canceled'));
    expect(await failureOf(ended)).toEqual(new Error('canceled'));
    expect(performance.now() - abortedAt).toBeLessThan(1_000);
  });

  test('nothing is started for a signal that is aborted already', async () => {
    workplace.abort(new Error('canceled'));
    let isStarted = false;
    const ended = start(fake('tells'), {
      start(launcher, options) {
        isStarted = true;
        return withArguments([])(launcher, options);
      },
    });
    expect(await failureOf(ended)).toEqual(new Error('canceled'));
    expect(isStarted).toBe(false);
  });

  test('the deadline is TIMED_OUT', async () => {
    const ended = start(fake('hangs'), { timeoutMs: 300 });
    expect(await failureOf(ended)).toMatchObject({ code: 'TIMED_OUT', facts: { tool: 'hangs' } });
  });

  test('what a callback throws ends the run', async () => {
    const tooMuch = new Error('too much');
    const fail = () => {
      throw tooMuch;
    };
    expect(await failureOf(start(fake('hangs'), { onLine: fail }))).toBe(tooMuch);
    expect(await failureOf(start(fake('hangs'), { onTick: fail }))).toBe(tooMuch);
    const failOnOutput = async (stdout: AsyncIterable<Buffer>) => {
      for await (const _ of stdout) fail();
    };
    expect(await failureOf(start(fake('hangs'), { onOutput: failOnOutput }))).toBe(tooMuch);
    // oxlint-disable-next-line require-yield -- it fails before the first
    const failAtOnce = async function* () {
      fail();
    };
    expect(await failureOf(start('/bin/cat', { input: failAtOnce }))).toBe(tooMuch);
  });

  test('a child that outlives its tool is killed, and does not hold up the result', async () => {
    const startedAt = performance.now();
    expect(await start(fake('leaves-a-child'))).toMatchObject({ exitCode: 0 });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(await processesIn(workplace.folder)).toEqual([]);
  });

  test('no listener stays on the signal', async () => {
    for (let count = 0; count < 5; count += 1) await start(fake('tells'));
    expect(getEventListeners(workplace.signal, 'abort')).toEqual([]);
  });
});

describe('limits', () => {
  test('a line without an end costs no memory', async () => {
    const before = process.memoryUsage().rss;
    const lengths: number[] = [];
    let highest = 0;
    await start(fake('floods'), {
      onLine: (line) => lengths.push(line.length),
      onTick: () => {
        highest = Math.max(highest, process.memoryUsage().rss - before);
      },
    });
    expect(lengths).toEqual([65_536]);
    expect(highest).toBeLessThan(80_000_000);
  });

  test('a file cannot grow beyond its limit', async () => {
    const exit = await start(fake('fills-the-disk'), { maxFileBytes: 100_000 });
    expect(exit).toMatchObject({ exitCode: null, signal: 'SIGXFSZ' });
    const { size } = await stat(workplace.file('filled'));
    expect(size).toBeGreaterThan(99_000);
    expect(size).toBeLessThanOrEqual(100_000 + 512);
  });

  test('memory has a limit', async () => {
    const lines: string[] = [];
    const exit = await start('python3', {
      start: withArguments(['-c', 'x = bytearray(2 * 1024 ** 3)']),
      onLine: (line) => lines.push(line),
    });
    expect(exit.exitCode).toBe(1);
    expect(lines.at(-1)).toBe('MemoryError');
  });
});

test('a tool that is not there is told by the exit code', async () => {
  const exit = await start('/nowhere/yt-dlp');
  expect([126, 127]).toContain(exit.exitCode);
});

test('a launcher that cannot be started is an error that names it', async () => {
  const ended = start(fake('tells'), {
    start: (_launcher, options) => withArguments([])('/nowhere/launch.sh', options),
  });
  expect(await failureOf(ended)).toMatchObject({
    message: expect.stringContaining('launch.sh'),
    cause: { code: 'ENOENT' },
  });
});
