// Jobs come and go for as long as a soak lasts, while somebody's open transaction keeps the dead rows of them all: the
// queue stays quick, the rows go when the transaction does, and no process grows. `SOAK_MINUTES=1440` makes it a day.

import { expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { eventually } from '../../support/eventually.ts';
import { percentile, report } from '../../support/figures.ts';
import { startFleet } from '../../support/fleet.ts';
import type { Fleet } from '../../support/fleet.ts';
import { openFolder } from '../../support/folder.ts';
import { lastFor } from '../../support/lasting.ts';
import { startLoad } from '../../support/load.ts';
import { readMemoryMb } from '../../support/processes.ts';
import { makeStandIn } from '../../support/standInTools.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 3);
/** A third of it, and half an hour of a day. */
const openMinutes = Math.min(minutes / 3, 30);
const settleMs = 10 * 60_000;

type Pool = Fleet['database']['pool'];

test(
  'an open transaction slows no start, and its dead rows go after it',
  async () => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await openFolder());
    const standIn = await makeStandIn(folder);
    await standIn.take(0.2);
    const fleet = stack.use(
      await startFleet({
        workers: 1,
        settings: { ...standIn.settings, WORKER_CONCURRENCY: '4' },
      }),
    );
    const { pool } = fleet.database;
    const processes = [fleet.api, ...fleet.workers];
    const load = startLoad(() => fleet.api.url, 700);
    stack.defer(() => load.stop());

    await lastFor(60 * (minutes - openMinutes) * 0.5);
    const before = await Promise.all(processes.map(({ pid }) => readMemoryMb(pid)));
    const held = stack.adopt(await pool.connect(), (client) => client.release(true));
    await held.query('begin isolation level repeatable read');
    // Ours would be ended after a minute; what an operator or a backup holds open is not.
    await held.query('set local idle_in_transaction_session_timeout = 0');
    await held.query('select from tapedeck.jobs limit 1');
    const openedAt = await readClock(pool);
    await lastFor(60 * openMinutes);
    const most = Math.max(...(await readDeadRows(pool)).map(({ dead }) => dead));
    const closedAt = await readClock(pool);
    await held.query('rollback');
    const releasedAt = performance.now();
    await eventually(
      'autovacuum to remove the dead rows',
      async () => {
        const tables = await readDeadRows(pool);
        if (tables.every(({ dead, left }) => dead <= left)) return true;
        throw new Error(JSON.stringify(tables));
      },
      { timeoutMs: settleMs },
    );
    const recoveredMs = performance.now() - releasedAt;
    await lastFor(60 * (minutes - openMinutes) * 0.5);
    const after = await Promise.all(processes.map(({ pid }) => readMemoryMb(pid)));
    await load.stop();
    await eventually('every job to end', async () => {
      const { rows } = await pool.query(
        `select status, count(*)::integer as count from tapedeck.jobs group by 1`,
      );
      expect(rows).toEqual([{ status: 'SUCCEEDED', count: load.accepted.length }]);
      return true;
    });

    expect(load.refused).toEqual([]);
    expect(await readdir(fleet.workFolder)).toEqual([]);
    const open = await readWaitsMs(pool, openedAt, closedAt);
    const all = await readWaitsMs(pool, new Date(0), new Date(8.64e15));
    const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
    const waits = (each: readonly number[]) =>
      `p99 ${seconds(percentile(each, 0.99))} of ${each.length}`;
    report({
      demand: `${minutes} minutes of jobs, a transaction open for ${openMinutes.toFixed(1)} of them: from ready to started`,
      target: '0 lost, p99 < 1 s',
      measured: `0 of ${load.accepted.length} lost; ${waits(open)} while it was open, ${waits(all)} in all`,
    });
    report({
      demand: 'dead rows after that transaction',
      target: 'gone after 10 minutes',
      measured: `${most} at most in one table; gone after ${(recoveredMs / 1_000).toFixed(0)} s`,
    });
    report({
      demand: 'memory before and after that soak',
      target: 'as much',
      measured: `API ${before[0]} and ${after[0]} MB, worker ${before[1]} and ${after[1]} MB`,
    });
  },
  minutes * 60_000 + settleMs + 120_000,
);

/** The database's own: all instants here are its. */
async function readClock(pool: Pool): Promise<Date> {
  const { rows } = await pool.query<{ now: Date }>('select now()');
  return rows[0]?.now ?? new Date(Number.NaN);
}

/** Of the tables that a job's life rewrites; `left` is what autovacuum leaves alone by the settings of each. */
async function readDeadRows(pool: Pool) {
  const { rows } = await pool.query<{ name: string; dead: number; left: number }>(`
    select s.relname as name, s.n_dead_tup::integer as dead,
      (coalesce(own.threshold, current_setting('autovacuum_vacuum_threshold'))::numeric
        + coalesce(own.scale, current_setting('autovacuum_vacuum_scale_factor'))::numeric
          * greatest(c.reltuples, 0))::integer as "left"
    from pg_stat_user_tables s
    join pg_class c on c.oid = s.relid
    cross join lateral (
      select max(option_value) filter (where option_name = 'autovacuum_vacuum_threshold') as threshold,
        max(option_value) filter (where option_name = 'autovacuum_vacuum_scale_factor') as scale
      from pg_options_to_table(c.reloptions)) own
    where s.relid in ('tapedeck.jobs'::regclass, 'graphile_worker._private_jobs'::regclass)`);
  return rows;
}

/** From the moment that a job could run until it ran, for those that became ready within the two instants. */
async function readWaitsMs(pool: Pool, from: Date, to: Date): Promise<number[]> {
  const { rows } = await pool.query<{ wait: number }>(
    `select (extract(epoch from min(started.at) - queued.at) * 1000)::float as wait
     from tapedeck.job_events queued
     join tapedeck.job_events started on started.job_id = queued.job_id and started.status = 'RUNNING'
     where queued.status = 'QUEUED' and queued.attempt = 0 and queued.at between $1 and $2
     group by queued.job_id, queued.at`,
    [from, to],
  );
  return rows.map(({ wait }) => wait);
}
