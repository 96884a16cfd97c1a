// Brings the whole schema up to date, at a start or by `node src/main.ts migrate`. What is in it is in sql/.

import { migrate, migrateQueue } from './db/migrate.ts';
import { createPool } from './db/pool.ts';
import type { Logger } from './logger.ts';

/** Over connections of its own: a migration, or the wait for another process's, may take any time. */
export async function bringUpToDate(
  connectionString: string,
  applicationName: string,
  logger: Logger,
): Promise<void> {
  const pool = createPool({
    connectionString,
    applicationName,
    maxConnections: 2,
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  });
  try {
    for (const name of await migrate(pool)) logger.debug({ name }, 'migration applied');
    await migrateQueue(pool);
  } finally {
    await pool.end();
  }
}
