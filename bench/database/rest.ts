// What a process takes that has nothing to do, and how soon `npm start` is ready when it ran before.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Folder } from '../../test/support/folder.ts';
import { startTapedeck } from '../../test/support/tapedeck.ts';
import type { House } from './house.ts';
import { residentKilobytes } from './streams.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Megabytes of an API and of a worker, each in a process of its own, started as `npm start` does. */
export async function measureMemory(
  { databaseUrl }: House,
  folder: Folder,
): Promise<{ api: number; worker: number }> {
  const settings = {
    DATABASE_URL: databaseUrl,
    NODE_OPTIONS: '--max-semi-space-size=4',
    NODE_COMPILE_CACHE: folder.file('compiled'),
  };
  const measure = async (role: string) => {
    const options = { dataFolder: folder.file('rest'), settings: { ...settings, ROLES: role } };
    // The first one compiles.
    await (await startTapedeck(options))[Symbol.asyncDispose]();
    await using tapedeck = await startTapedeck(options);
    await delay(5_000);
    return (await residentKilobytes(tapedeck.pid)) / 1024;
  };
  return { api: await measure('api'), worker: await measure('worker') };
}

/** Seconds of `count` starts with the embedded database, after one that makes everything. */
export async function measureStart(folder: Folder, count: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let nth = 0; nth <= count; nth += 1) {
    const startedAt = performance.now();
    const child = spawn('npm', ['start'], {
      cwd: root,
      env: { ...process.env, PORT: '0', DATA_DIR: folder.file('started'), LOG_FORMAT: 'json' },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('Tapedeck is ready')) break;
    }
    if (nth > 0) seconds.push((performance.now() - startedAt) / 1_000);
    const gone = once(child, 'exit');
    // npm and what it started, as Ctrl+C does.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    child.stdout.resume();
    await gone;
  }
  return seconds;
}
