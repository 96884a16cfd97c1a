// The world of one test file: when the file is done, nothing of it may be left, or the file fails.

import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { eventually } from './eventually.ts';
import { folderPrefix } from './folder.ts';

/** A process that works in such a folder belongs to a test. */
const ourFolders = join(tmpdir(), folderPrefix);

export default class TidyEnvironment extends TestEnvironment {
  readonly #foldersBefore = new Set(testFolders());

  override async teardown(): Promise<void> {
    await super.teardown();
    await eventually('nothing to be left behind', () => {
      const left = [...this.#newFolders(), ...busyProcesses(), ...openSockets()];
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
      return true;
    });
  }

  #newFolders(): string[] {
    return testFolders().filter((folder) => !this.#foldersBefore.has(folder));
  }
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

function openSockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
}
