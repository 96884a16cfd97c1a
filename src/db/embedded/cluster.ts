// The cluster on disk: makes it, and says who holds it. It never starts the server.

import { existsSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { explainEnd, otherOwner, unusableFolder } from './errors.ts';
import { run } from './programs.ts';
import type { Programs } from './programs.ts';
import type { ServerUser, WayToRun } from './user.ts';

/** Makes the folder above the cluster; answers the cluster's one true path. */
export async function prepareFolder(dataFolder: string): Promise<string> {
  const parent = dirname(resolve(dataFolder));
  try {
    await mkdir(parent, { recursive: true });
    return join(await realpath(parent), basename(dataFolder));
  } catch (error) {
    throw unusableFolder(parent, error);
  }
}

/** Throws when we are an ordinary user and the cluster is another's, for Postgres would not start. */
export async function refuseForeignCluster(folder: string): Promise<void> {
  const us = process.getuid?.();
  const owner = (await stat(folder).catch(() => null))?.uid;
  if (us === undefined || us === 0 || owner === undefined || owner === us) return;
  throw otherOwner(folder, { owner, us });
}

/**
 * Makes the cluster with an empty database `tapedeck`, unless there is one. It is made beside its
 * place and then moved there, so that a half-made one is never found.
 */
export async function ensureCluster(
  folder: string,
  maker: { way: WayToRun; user: ServerUser | null; programs: Programs; isDurable: boolean },
): Promise<void> {
  const isThere = () => existsSync(join(folder, 'PG_VERSION'));
  if (isThere()) return;
  const draft = await mkdtemp(`${folder}.new-`).catch((error: unknown) => {
    throw unusableFolder(dirname(folder), error);
  });
  try {
    const { user, way, programs, isDurable } = maker;
    if (user !== null) await chown(draft, user.uid, user.gid);
    const steps = [
      { command: [programs.initdb, '-D', draft, ...initdbFlags, ...(isDurable ? [] : ['-N'])] },
      {
        command: [programs.postgres, '--single', '-D', draft, 'postgres'],
        input: 'create database tapedeck',
      },
    ];
    for (const { command, input } of steps) {
      const { exitCode, output } = await run(way, command, input);
      if (exitCode !== 0) throw explainEnd(folder, output, { exitCode });
    }
    await rename(draft, folder).catch((error: unknown) => {
      throw unusableFolder(folder, error);
    });
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another Tapedeck may have made it in the meantime.
    if (!isThere()) throw error;
  }
}

const initdbFlags = [
  '--username=tapedeck',
  // Nobody else can enter the socket's folder.
  '--auth=trust',
  '--encoding=UTF8',
  // The same order and letters on every machine, whatever locales it has.
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--data-checksums',
];

/** The process that serves the cluster now, or null. */
export async function findHolder(folder: string): Promise<number | null> {
  const file = join(folder, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  if (Number.isNaN(pid) || !isAlive(pid)) return null;
  if (process.platform !== 'linux') return pid;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (command.split('\0').includes(folder)) return pid;
  // After a power cut the number may belong to any program, after kill -9 to a zombie that nobody
  // reaped (its command is empty). Postgres would take either for a living server.
  await rm(file, { force: true });
  return null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
