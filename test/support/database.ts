// A database of a test's own, cloned from the migrated template: real, and empty.

import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createPool } from '../../src/db/pool.ts';
import type { Database } from '../../src/db/pool.ts';

export type TestDatabase = AsyncDisposable & { readonly url: string; readonly pool: Database };

/** Disposing drops it, and fails when somebody is still connected. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await runAsAdmin(`create database ${name} template tapedeck`);
  const url = urlOf(name);
  const pool = createPool({
    connectionString: url,
    applicationName: 'test',
    maxConnections: 20,
    onIdleError: () => {},
  });
  return {
    url,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await runAsAdmin(`drop database ${name} with (force)`);
    },
  };
}

/** Who is connected to the database at the moment, beside the test itself. */
export async function connectionsTo(database: TestDatabase): Promise<string[]> {
  const { rows } = await database.pool.query<{ application_name: string }>(
    `select application_name from pg_stat_activity
     where datname = current_database() and application_name <> 'test'`,
  );
  return rows.map(({ application_name: name }) => name);
}

function adminUrl(): string {
  const url = process.env['TEST_DATABASE_URL'];
  if (url === undefined) throw new Error('globalSetup has not run: run jest with its projects');
  return url;
}

function urlOf(name: string): string {
  return adminUrl().replace(/\/tapedeck(?=\?|$)/, `/${name}`);
}

async function runAsAdmin(statement: string): Promise<void> {
  const client = new Client({ connectionString: urlOf('postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
