import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPool, withTransaction } from '../../../src/db/pool.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openLink } from '../../support/databaseLink.ts';
import { eventually } from '../../support/eventually.ts';
import { findJob, newRequest } from '../../support/jobs.ts';
import { requestJob } from '../../../src/db/requests.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

test('a statement that nobody waits for any more ends in the database too', async () => {
  const pool = createPool({
    ...{ connectionString: database.url, applicationName: 'impatient', maxConnections: 1 },
    ...{ answerTimeoutMs: 200, onIdleError: () => {} },
  });
  await expect(pool.query('select pg_sleep(600)')).rejects.toThrow('Query read timeout');
  await eventually('its backend to be free of it', async () => {
    const { rowCount } = await database.pool.query(
      `select from pg_stat_activity where application_name = 'impatient' and state = 'active'`,
    );
    return rowCount === 0;
  });
  await pool.end();
});

describe('a transaction', () => {
  test('commits and answers what its work answers', async () => {
    const job = await withTransaction(database.pool, async (db) => {
      return (await requestJob(db, newRequest()))?.job;
    });
    expect(await findJob(database.pool, job!.id)).toEqual(job);
  });

  test('is rolled back by any error, which is thrown on', async () => {
    const fault = new Error('no');
    let id = '';
    const work = withTransaction(database.pool, async (db) => {
      id = (await requestJob(db, newRequest()))!.job.id;
      throw fault;
    });
    await expect(work).rejects.toBe(fault);
    expect(await findJob(database.pool, id)).toBeNull();
  });

  test('whose connection breaks fails, and the connection is used no more', async () => {
    await using link = await openLink(database);
    const work = withTransaction(link.pool, async (db) => {
      link.cut();
      await db.query('select');
    });
    await expect(work).rejects.toThrow(/EPIPE|ECONNRESET|Connection terminated|not queryable/);
    expect(link.pool.totalCount).toBe(0);
    link.mend();
    await expect(withTransaction(link.pool, async () => 'done')).resolves.toBe('done');
  });

  test("leaves no connection behind in the middle of another's", async () => {
    const failing = withTransaction(database.pool, (db) => db.query('select 1 / 0'));
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    const { rows } = await database.pool.query(
      `select count(*)::integer as open from pg_stat_activity
       where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(rows).toEqual([{ open: 0 }]);
  });
});

describe('a pool', () => {
  test('outlives every connection that is ended under it, idle or busy', async () => {
    const errors: Error[] = [];
    const pool = createPool({
      connectionString: database.url,
      applicationName: 'ended',
      maxConnections: 4,
      onIdleError: (error) => errors.push(error),
    });
    await Promise.all(Array.from({ length: 3 }, () => pool.query('select pg_sleep(0.01)')));
    const busy = pool.query('select pg_sleep(60)');
    busy.catch(() => {});
    await eventually('all to be ended', async () => {
      const { rowCount } = await database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'ended' and (state = 'idle' or query like '%pg_sleep(60)%')`,
      );
      return rowCount === 3;
    });
    await expect(busy).rejects.toMatchObject({ code: '57P01' });
    await eventually('the idle ones to be noticed', () => errors.length === 2);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  test('names itself to the operator', async () => {
    const { rows } = await database.pool.query(
      `select current_setting('application_name') as name`,
    );
    expect(rows).toEqual([{ name: 'test' }]);
  });
});
