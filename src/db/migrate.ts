// Brings a database to this version's schema: ours, then graphile-worker's. Forward only, and safe to
// run from many processes at once. It never creates the database itself.

import { fileURLToPath } from 'node:url';
import { makeWorkerUtils } from 'graphile-worker';
import { runner } from 'node-pg-migrate';
import type { Database } from './pool.ts';

/** Where the numbered migrations are. */
export const migrationsFolder = fileURLToPath(new URL('../../sql', import.meta.url));

/** Runs the migrations that are missing and answers their names; none when the schema is current. */
export async function migrate(pool: Database): Promise<string[]> {
  const client = await pool.connect();
  try {
    const applied = await runner({
      dbClient: client,
      dir: `${migrationsFolder}/[0-9]*.sql`,
      useGlob: true,
      direction: 'up',
      schema: 'tapedeck',
      createSchema: true,
      migrationsTable: 'migrations',
      advisoryLockMode: 'wait',
      log: () => {},
    });
    return applied.map(({ name }) => name);
  } finally {
    // The runner leaves its own search_path on the connection: nobody else may get it.
    client.release(true);
  }
}

/** Installs or updates graphile-worker's own schema. */
export async function migrateQueue(pool: Database): Promise<void> {
  const queue = await makeWorkerUtils({ pgPool: pool });
  try {
    await queue.migrate();
  } finally {
    await queue.release();
  }
}
