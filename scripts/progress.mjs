// @ts-check
// How set-up talks: one calm line a step, and commands run unseen behind it. Plain JavaScript without
// dependencies, because scripts/setup.mjs uses it before anything is installed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A step that failed. The message is one sentence for people; `output` ends with what a tool said. */
export class SetupError extends Error {
  /** @param {string} message @param {string} [output] */
  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

/** A signal has told us to stop. */
export class Stopped extends SetupError {}

/**
 * Shows the title and the seconds that pass while `work` goes on; on a terminal they tick.
 * @template Result
 * @param {string} title
 * @param {() => Promise<Result>} work
 */
export async function withProgress(title, work) {
  const start = performance.now();
  const seconds = () => `${Math.round((performance.now() - start) / 1000)} s`;
  process.stdout.write(`${title}… `);
  const ticker = setInterval(() => {
    if (process.stdout.isTTY) process.stdout.write(`\r${title}… ${seconds()}`);
  }, 1000);
  try {
    return await work();
  } finally {
    clearInterval(ticker);
    process.stdout.write(process.stdout.isTTY ? `\r${title}… ${seconds()}\n` : `${seconds()}\n`);
  }
}

let isStopping = false;

/**
 * Runs a command and waits for its end, also when we are told to stop: npm needs a while to undo what
 * it has begun. Throws Stopped then, and a SetupError with `complaint` when it fails or takes too long.
 * @param {readonly string[]} command
 * @param {{ complaint: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, isShown?: boolean }} options
 */
export async function run([program = '', ...parameters], options) {
  const wasStopped = new Stopped('Set-up was stopped: start again to go on.');
  if (isStopping) throw wasStopped;
  const { complaint, env = process.env, timeoutMs = 0, isShown = false } = options;
  const child = spawn(program, parameters, {
    env,
    timeout: timeoutMs,
    stdio: isShown ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    isStopping = true;
    child.kill(signal);
  };
  process.on('SIGINT', passOn).on('SIGTERM', passOn);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close').catch((/** @type {unknown} */ error) => {
    output += String(error);
    return [null];
  });
  process.off('SIGINT', passOn).off('SIGTERM', passOn);
  if (isStopping && !isShown) throw wasStopped;
  if (code !== 0) throw new SetupError(complaint, output);
}

/**
 * Says what went wrong: the sentence, unless a shown command has said its own, and the last lines of
 * what a silent one wrote.
 * @param {unknown} error
 */
export function report(error) {
  process.exitCode = 1;
  const message = error instanceof Error ? error.message : String(error);
  const output = error instanceof SetupError ? error.output : '';
  const lines = output.trim().split('\n').slice(-8);
  if (message !== '') console.error(message);
  if (output.trim() !== '') console.error(lines.join('\n').replaceAll(/^/gm, '  '));
}
