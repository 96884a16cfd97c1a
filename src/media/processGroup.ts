// Signals to a whole process group, and the certainty that nobody of it is left. It starts nothing.

import { readdir, readFile } from 'node:fs/promises';
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
    if (leader !== undefined && !(await hasLivingMember(leader))) return;
    await delay(10);
  }
}

/**
 * A dead orphan takes signals until an init reaps it, which in a container without one is never. Only
 * /proc tells it from the living; where there is no /proc, all count as living.
 */
async function hasLivingMember(group: number): Promise<boolean> {
  const names = await readdir('/proc').catch(() => null);
  if (names === null) return true;
  const stats = names
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
  return (await Promise.all(stats)).some((stat) => {
    // pid (name) state parent group …; the name may hold anything, brackets too. proc(5)
    const [state = '', , itsGroup = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && !'ZX'.includes(state);
  });
}
