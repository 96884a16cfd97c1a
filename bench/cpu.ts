// Processor time of whole process trees, from /proc: what a conversion costs is spent by many short-lived children.
// Linux only.

import { readdir, readFile } from 'node:fs/promises';

/** Clock ticks in a second: fixed for user space on Linux. proc(5) */
const ticksPerSecond = 100;

/** Seconds spent by these processes, their living descendants, and all children that any of them has outlived. */
export async function cpuSeconds(roots: readonly number[]): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(async (pid) => [pid, await readStat(pid)] as const));
  const living = new Map(stats.flatMap(([pid, stat]) => (stat ? [[pid, stat] as const] : [])));
  const isOurs = (pid: number): boolean => {
    if (roots.includes(pid)) return true;
    const stat = living.get(pid);
    return stat !== undefined && stat.parent > 1 && isOurs(stat.parent);
  };
  const ticks = [...living].map(([pid, stat]) => (isOurs(pid) ? stat.ticks : 0));
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}

/** Seconds spent by children of this process that have ended, and by theirs. */
export async function endedChildrenCpuSeconds(): Promise<number> {
  const stat = await readStat(process.pid);
  return (stat?.childTicks ?? 0) / ticksPerSecond;
}

type Stat = { readonly parent: number; readonly ticks: number; readonly childTicks: number };

async function readStat(pid: number): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // pid (name) state parent …; the name may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // utime, stime, and those of children that were waited for.
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  const childTicks = childUser + childSystem;
  return { parent: Number(fields[1]), ticks: user + system + childTicks, childTicks };
}
