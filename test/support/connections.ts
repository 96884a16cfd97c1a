// What can happen to connections to Postgres: the server ends them, refuses new ones, or falls silent with all
// its sockets open, as behind a broken network.

import { Client } from 'pg';
import type { TestDatabase } from './database.ts';

/** The backend processes that serve this application, by its name in pg_stat_activity. */
export async function backendsOf(
  database: TestDatabase,
  applicationName: string,
): Promise<number[]> {
  const { rows } = await database.pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name = $1`,
    [applicationName],
  );
  return rows.map(({ pid }) => pid);
}

/** Ends the application's connections, as an operator or a failing server does; answers how many. */
export async function endConnections(
  database: TestDatabase,
  applicationName: string,
): Promise<number> {
  const { rowCount } = await database.pool.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity
     where datname = current_database() and application_name = $1`,
    [applicationName],
  );
  return rowCount ?? 0;
}

/** Nobody can connect until it is disposed; who is connected stays. */
export async function refuseConnections({ url }: TestDatabase): Promise<AsyncDisposable> {
  const name = new URL(url).pathname.slice(1);
  const admin = new Client({ connectionString: url.replace(`/${name}`, '/postgres') });
  await admin.connect();
  await admin.query(`alter database ${name} allow_connections false`);
  return {
    async [Symbol.asyncDispose]() {
      await admin.query(`alter database ${name} allow_connections true`);
      await admin.end();
    },
  };
}

/** Stops the processes: their sockets stay open, and nothing comes back. They go on when it is disposed. */
export function freeze(pids: readonly number[]): Disposable {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return {
    [Symbol.dispose]() {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    },
  };
}
