// One Postgres for the whole test run, with a migrated template that each test file clones.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate, migrateQueue } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';

/** Nothing here has to survive a power cut. */
const settings = { fsync: 'off', synchronous_commit: 'off', max_connections: '300' };

export default async function globalSetup(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tapedeck-testdb-'));
  const postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres'), settings });
  const pool = createPool({
    connectionString: postgres.connectionString,
    applicationName: 'test template',
    maxConnections: 2,
    onIdleError: () => {},
  });
  await migrate(pool);
  await migrateQueue(pool);
  // The embedded server's own database is the template: a database in use cannot be cloned.
  await pool.end();
  process.env['TEST_DATABASE_URL'] = postgres.connectionString;
  Object.assign(globalThis, {
    async stopTestPostgres() {
      await postgres[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  });
}
