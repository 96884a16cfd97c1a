// A Postgres of the test's own, to be stopped, frozen and started again while an application uses it. Its
// address stays the same: a link that leads to the socket of the server that runs.

import { readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import type { EmbeddedPostgres } from '../../src/db/embedded.ts';
import { openFolder } from './folder.ts';

export type OwnPostgres = AsyncDisposable & {
  readonly url: string;
  start(): Promise<void>;
  /** In good order, as a restart by an operator: every connection is told and ended. */
  stop(): Promise<void>;
  /** As `pg_ctl stop -m immediate` and as a crash: nobody is told, nothing is saved. */
  crash(): Promise<void>;
};

/** Starts it, empty. */
export async function startOwnPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnPostgres> {
  const folder = await openFolder();
  const link = folder.file('socket');
  let running: EmbeddedPostgres | null = null;
  const own: OwnPostgres = {
    url: `postgres://tapedeck@${encodeURIComponent(link)}/tapedeck`,
    async start() {
      running = await startEmbeddedPostgres({
        dataFolder: join(folder.path, 'postgres'),
        settings: { fsync: 'off', ...settings },
      });
      await symlink(decodeURIComponent(new URL(running.connectionString).hostname), link);
    },
    async stop() {
      await rm(link, { force: true });
      await running?.[Symbol.asyncDispose]();
      running = null;
    },
    async crash() {
      const [pid] = (await readFile(folder.file('postgres/postmaster.pid'), 'utf8')).split('\n');
      await rm(link, { force: true });
      process.kill(Number(pid), 'SIGQUIT');
      await running?.exited;
      await own.stop();
    },
    async [Symbol.asyncDispose]() {
      await own.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
  await own.start();
  return own;
}
