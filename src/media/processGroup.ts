// Signals to a whole process group, and the certainty that nobody of it is left. It starts nothing.

import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** How long killed processes may take to vanish; only one that hangs in the kernel takes longer. */
const vanishMs = 2_000;

/** Signals every member. False when there is none; `leader` is undefined for a failed start. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): boolean {
  if (leader === undefined) return false;
  try {
    return process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Kills what a leader that has ended left behind in its group, and waits until it is gone. */
export async function endGroup(leader: number | undefined): Promise<void> {
  const giveUpAt = performance.now() + vanishMs;
  while (signalGroup(leader, 'SIGKILL') && performance.now() < giveUpAt) {
    if (leader !== undefined && !hasLivingMember(leader)) return;
    await delay(10);
  }
}

/**
 * A dead orphan takes signals until an init reaps it, which in a container without one is never. Only
 * /proc tells it from the living; where there is no /proc, all count as living.
 */
function hasLivingMember(group: number): boolean {
  const names = namesOfProcesses();
  if (names === null) return true;
  return names.some((name) => {
    // pid (name) state parent group …; the name may hold anything, brackets too. proc(5)
    const stat = readStart(`/proc/${name}/stat`);
    const [state = '', , itsGroup = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && !'ZX'.includes(state);
  });
}

function namesOfProcesses(): string[] | null {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return null;
  }
}

const start = Buffer.alloc(128);

/** Synchronous and into one small buffer: some hundred files are read at the end of each run. */
function readStart(path: string): string {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    return start.toString('latin1', 0, readSync(file, start));
  } catch {
    return '';
  } finally {
    if (file !== null) closeSync(file);
  }
}
