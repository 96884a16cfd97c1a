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

/** Rows that this connection has read from the whole queue since the transaction began. */
const scanned = `select pg_stat_get_xact_tuples_returned('graphile_worker._private_jobs'::regclass)::integer as rows`;

test('a connection that was opened on an empty queue does not read the whole queue later', async () => {
  const client = await pool.connect();
  try {
    // Plans are made now, and kept.
    for (let times = 0; times < 10; times += 1) await requestJob(client, newRequest());
    await requestJobs(
      client,
      Array.from({ length: 2_000 }, () => newRequest()),
    );
    await client.query('begin');
    await requestJob(client, newRequest());
    const { rows } = await client.query<{ rows: number }>(scanned);
    await client.query('commit');
    expect(rows[0]?.rows).toBe(0);
  } finally {
    client.release();
  }
});
