// As which user the embedded Postgres runs, for Postgres refuses root, and the command lines that
// make it so. It starts nothing: programs.ts tries the ways in their order.

import { readFile, stat } from 'node:fs/promises';

/** The numbers of an operating-system user. */
export type ServerUser = { readonly uid: number; readonly gid: number };

/** One way to run a program of the server: what stands before it, and the user that `spawn` sets. */
export type WayToRun = { readonly prefix: readonly string[]; readonly as?: ServerUser };

/**
 * The user who owns the cluster, else `postgres`, else `nobody`. Null when this process is an
 * ordinary user: the server then runs as that.
 */
export async function findServerUser(clusterFolder: string): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(clusterFolder).catch(() => null);
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const numbers = ['postgres', 'nobody']
    .map((name) => new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'mu').exec(users))
    .find((match) => match !== null);
  return { uid: Number(numbers?.[1] ?? 65_534), gid: Number(numbers?.[2] ?? 65_534) };
}

/**
 * The ways to run the server's programs as `user`, the best first. With setpriv the kernel stops the
 * server when this process ends in any way, kill -9 included; the wish outlives the change of user.
 */
export function waysToRun(user: ServerUser | null): WayToRun[] {
  const endWithUs = ['setpriv', '--pdeathsig=INT'];
  if (user === null) return [{ prefix: endWithUs }, { prefix: [] }];
  const become = [...endWithUs, `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  // Lets the server through folders that are closed to its user, such as a checkout under /root. It
  // could then read other users' files too, so the way without comes first. access(2), by which
  // Postgres finds its own programs, ignores the capability unless the secure bit is set.
  const passClosedFolders = [
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  return [
    { prefix: become },
    { prefix: [...become, ...passClosedFolders] },
    { prefix: [], as: user },
  ];
}
