// What keeps the cost of a statement from growing with the history: the plans. Figures are in docs/performance.md.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Database } from '../../../src/db/pool.ts';
import { requestJob, requestJobs } from '../../../src/db/requests.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { newRequest } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** Rows that this connection has read in scans of whole tables since the transaction began. */
const scanned = `
  select relname, pg_stat_get_xact_tuples_returned(oid)::integer as rows from pg_class
  where relkind = 'r' and relnamespace in ('tapedeck'::regnamespace, 'graphile_worker'::regnamespace)
    and pg_stat_get_xact_tuples_returned(oid) > 0`;

test('a connection that made its plans on empty tables does not read whole tables when they are full', async () => {
  const client = await pool.connect();
  try {
    for (let times = 0; times < 10; times += 1) await requestJob(client, newRequest());
    await requestJobs(
      client,
      Array.from({ length: 2_000 }, () => newRequest()),
    );
    await client.query('begin');
    await requestJobs(client, [newRequest(), newRequest()]);
    const { rows } = await client.query<{ relname: string; rows: number }>(scanned);
    await client.query('commit');
    expect(rows).toEqual([]);
  } finally {
    client.release();
  }
});
