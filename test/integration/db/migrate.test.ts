import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { migrate, migrateQueue } from '../../../src/db/migrate.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, findQueueJob } from '../../support/jobs.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await database.pool.query(`drop schema if exists tapedeck, graphile_worker cascade`);
});

const allMigrations = readdirSync(new URL('../../../sql', import.meta.url))
  .filter((file) => /^\d/.test(file))
  .map((file) => file.replace('.sql', ''))
  .toSorted();

test('an empty database gets every migration, in order, and takes jobs', async () => {
  expect(await migrate(database.pool)).toEqual(allMigrations);
  await migrateQueue(database.pool);
  const { id } = await createJob(database.pool, 'QUEUED');
  expect(await findQueueJob(database.pool, id)).not.toBeNull();
});

test('a current database is left alone, jobs and all', async () => {
  await migrate(database.pool);
  await migrateQueue(database.pool);
  const { id } = await createJob(database.pool, 'RUNNING');
  expect(await migrate(database.pool)).toEqual([]);
  await migrateQueue(database.pool);
  expect(await findQueueJob(database.pool, id)).not.toBeNull();
});

test('processes that start together migrate once, and none of them fails', async () => {
  const applied = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const names = await migrate(database.pool);
      await migrateQueue(database.pool);
      return names;
    }),
  );
  expect(applied.flat()).toEqual(allMigrations);
});

test('a connection that migrated is given to nobody else', async () => {
  await migrate(database.pool);
  const { rows } = await database.pool.query(`show search_path`);
  expect(rows).toEqual([{ search_path: '"$user", public' }]);
});
