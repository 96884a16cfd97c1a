// One run of the server: its socket's folder, its settings, when it is ready, how it ended.

import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { start } from './programs.ts';
import type { ServerUser, WayToRun } from './user.ts';

/** How the server ended; `output` is the last 20 lines that it wrote. */
export type Ending = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly output: string;
};

export type Server = {
  readonly kill: (signal: 'SIGINT' | 'SIGQUIT') => void;
  /** True when it accepts connections, false when it ended before that. */
  readonly isReady: Promise<boolean>;
  readonly ended: Promise<Ending>;
};

/** Where sockets live: the path of one may have 103 bytes on macOS, and ours adds 30. */
export const socketParent = tmpdir().length <= 70 ? tmpdir() : '/tmp';
const socketFolderName = /^tapedeck-\w{6}$/u;

/** A fresh folder that only the server's user and root can enter. Removes the one a crash left. */
export async function makeSocketFolder(
  clusterFolder: string,
  user: ServerUser | null,
): Promise<string> {
  const lastCommand = await readFile(join(clusterFolder, 'postmaster.opts'), 'utf8').catch(
    () => '',
  );
  const lastName = basename(/"unix_socket_directories=([^"]+)"/u.exec(lastCommand)?.[1] ?? '');
  if (socketFolderName.test(lastName)) {
    await rm(join(socketParent, lastName), { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(socketParent, 'tapedeck-'));
  if (user !== null) await chown(folder, user.uid, user.gid);
  return folder;
}

/** Starts the server on a cluster that nobody holds. `onLine` gets every line that it writes. */
export function startServer(
  way: WayToRun,
  postgres: string,
  clusterFolder: string,
  settings: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Server {
  const all = {
    listen_addresses: '',
    unix_socket_permissions: '0700',
    cluster_name: 'tapedeck',
    timezone: 'UTC',
    log_checkpoints: 'off',
    log_line_prefix: '',
    ...settings,
  };
  const child = start(way, [
    postgres,
    '-D',
    clusterFolder,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  const ready = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<Ending>();
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    onLine(line);
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
    if (line.includes('ready to accept connections')) ready.resolve(true);
  });
  child.once('error', ready.reject);
  child.once('close', (exitCode, signal) => {
    ready.resolve(false);
    ended.resolve({ exitCode, signal, output: lastLines.join('\n') });
  });
  return { kill: (signal) => child.kill(signal), isReady: ready.promise, ended: ended.promise };
}
