// One Postgres for the whole test run, with a migrated template that each test file clones: the embedded one, or that
// of TEST_DATABASE_URL, for tests on other versions. Its database has to be called tapedeck, and is the template.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate, migrateQueue } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';

/** Nothing here has to survive a power cut. */
const settings = { fsync: 'off', synchronous_commit: 'off', max_connections: '300' };

export default async function globalSetup(): Promise<void> {
  const given = process.env['TEST_DATABASE_URL'];
  const { connectionString, stop } =
    given === undefined ? await startOne() : { connectionString: given, stop: async () => {} };
  const pool = createPool({
    connectionString,
    applicationName: 'test template',
    maxConnections: 2,
    onIdleError: () => {},
  });
  await migrate(pool);
  await migrateQueue(pool);
  // The embedded server's own database is the template: a database in use cannot be cloned.
  await pool.end();
  process.env['TEST_DATABASE_URL'] = connectionString;
  Object.assign(globalThis, { stopTestPostgres: stop });
}

async function startOne() {
  const folder = await mkdtemp(join(tmpdir(), 'tapedeck-testdb-'));
  const postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres'), settings });
  return {
    connectionString: postgres.connectionString,
    async stop() {
      await postgres[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
