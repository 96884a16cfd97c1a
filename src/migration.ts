// Brings the whole schema up to date, at a start or by `node src/main.ts migrate`. What is in it is in sql/.

import { compareMigrations } from './db/checkup.ts';
import { migrate, migrateQueue } from './db/migrate.ts';
import { createPool } from './db/pool.ts';
import type { Database } from './db/pool.ts';
import { grantRoles, letRoleIn, mayMigrate } from './db/roles.ts';
import type { RoleName } from './db/roles.ts';
import type { Logger } from './logger.ts';
import { StartError } from './startError.ts';

/** `roles`: those to make, or to let in with a new password. */
type MigrationOptions = {
  readonly connectionString: string;
  readonly applicationName: string;
  readonly logger: Logger;
  readonly roles?: readonly { readonly name: RoleName; readonly password: string }[];
};

/**
 * Over connections of its own: a migration, or the wait for another process's, may take any time. A role that does
 * not own the schema only looks whether it is current, and throws when it is not. Throws StartError when the schema is
 * a newer version's: our statements may mean something else there.
 */
export async function bringUpToDate(options: MigrationOptions): Promise<void> {
  const { connectionString, applicationName, logger, roles = [] } = options;
  const pool = createPool({
    connectionString,
    applicationName,
    maxConnections: 2,
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  });
  try {
    const unknown = (await compareMigrations(pool))?.unknown ?? [];
    if (unknown.length > 0) {
      throw new StartError(
        `The database's schema is newer than this Tapedeck (${unknown.join(', ')}); start the version that made it, or a later one.`,
      );
    }
    if (!(await mayMigrate(pool))) {
      await expectCurrent(pool);
      return;
    }
    for (const name of await migrate(pool)) logger.debug({ name }, 'migration applied');
    await migrateQueue(pool);
    for (const { name, password } of roles) await letRoleIn(pool, name, password);
    await grantRoles(pool);
  } finally {
    await pool.end();
  }
}

async function expectCurrent(pool: Database): Promise<void> {
  const gap = await compareMigrations(pool);
  if (gap === null || gap.missing.length > 0) {
    const missing = gap === null ? 'everything' : gap.missing.join(', ');
    throw new Error(`it lacks ${missing}, and this role does not own it`);
  }
}
