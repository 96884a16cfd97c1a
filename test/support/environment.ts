// The world of one test file: when the file is done, nothing of it may be left, or the file fails.

import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { eventually } from './eventually.ts';
import { folderPrefix } from './folder.ts';
import type { Launched } from './tapedeck.ts';

/** A process that works in such a folder belongs to a test. */
const ourFolders = join(tmpdir(), folderPrefix);

type TestEvent = { readonly name: string; readonly error?: unknown };

export default class TidyEnvironment extends TestEnvironment {
  readonly #foldersBefore = new Set(testFolders());
  readonly #socketsBefore = countSockets();
  #hasFailed = false;

  /** A failure is told with what the Tapedecks of the test wrote: it is nowhere else. */
  handleTestEvent({ name, error }: TestEvent): void {
    if (name === 'test_fn_failure' || name === 'hook_failure') this.#hasFailed = true;
    const launched = this.global['launchedTapedecks'] as Launched[] | undefined;
    if (launched === undefined) return;
    if (name === 'test_start') {
      launched.splice(0, Infinity, ...launched.filter(({ child }) => child.exitCode === null));
    }
    if (name === 'test_fn_failure' || name === 'hook_failure') addLogs(error, launched);
  }

  override async teardown(): Promise<void> {
    await super.teardown();
    // A test that failed half-way leaves things behind; told here, that would be told instead of the failure.
    if (this.#hasFailed) return;
    await eventually('nothing to be left behind', () => {
      const left = [...this.#newFolders(), ...busyProcesses(), ...this.#newSockets()];
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
      return true;
    });
  }

  /** Only this file's own: what an earlier file left has been told already. */
  #newSockets(): string[] {
    const count = countSockets() - this.#socketsBefore;
    return count > 0 ? [`${count} TCP sockets`] : [];
  }

  #newFolders(): string[] {
    return testFolders().filter((folder) => !this.#foldersBefore.has(folder));
  }
}

const toldLines = 30;
const toldCharacters = 400;

/** Before the stack, which is all that jest shows of an error behind its message. */
function addLogs(error: unknown, launched: readonly Launched[]): void {
  if (!isError(error)) return;
  const logs = launched.map(({ child, output }) => {
    const lines = output().trimEnd().split('\n').slice(-toldLines);
    const words = lines.map((line) => line.slice(0, toldCharacters)).join('\n');
    return `\n\nlast words of Tapedeck ${child.pid}:\n${words}`;
  });
  const { stack = error.message } = error;
  const place = stack.search(/\n\s+at /);
  const end = place < 0 ? stack.length : place;
  error.stack = stack.slice(0, end) + logs.join('') + stack.slice(end);
}

function testFolders(): string[] {
  return readdirSync(tmpdir())
    .map((name) => join(tmpdir(), name))
    .filter((path) => path.startsWith(ourFolders));
}

function busyProcesses(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const folder = readlinkSync(`/proc/${pid}/cwd`);
        return folder.startsWith(ourFolders) ? [`process ${pid} in ${folder}`] : [];
      } catch {
        // It ended meanwhile, or is not ours to look at.
        return [];
      }
    });
}

/** An error of the test's own world is no instance of this one's Error. */
function isError(error: unknown): error is Error {
  return Object.prototype.toString.call(error) === '[object Error]';
}

function countSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}
