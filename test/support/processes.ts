// Who still works in a folder: tests ask it to prove that an attempt left nobody behind. And how large a process has
// become. Linux only.

import { readdir, readFile, readlink } from 'node:fs/promises';

/** The command lines of all living processes whose current directory is `folder` or below it. */
export async function processesIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end in the middle of this; a zombie has no directory any more.
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => null);
      if (cwd !== folder && cwd?.startsWith(`${folder}/`) !== true) return [];
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return [`${pid} ${command.replaceAll('\0', ' ').trim()}`];
    }),
  );
  return found.flat();
}

/** Resident memory, in whole megabytes. */
export async function readMemoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024);
}
