// Figures about the store and the database itself, for those who watch over a deployment. They read whole
// tables or the server's views: to be asked every few seconds at most.

import type { Queryable } from './pool.ts';

export type DatabaseFigures = {
  readonly storeFiles: number;
  readonly storeBytes: number;
  /** 0 to 1. Full, every NOTIFY fails at commit, and with it every write of ours. */
  readonly notificationQueueRatio: number;
  /** Dead rows that are younger cannot be removed. 0 when nobody is in a transaction. */
  readonly oldestTransactionSeconds: number;
};

export async function readDatabaseFigures(db: Queryable): Promise<DatabaseFigures> {
  const { rows } = await db.query<DatabaseFigures>(
    `-- readDatabaseFigures
     select store.*, pg_notification_queue_usage() as "notificationQueueRatio",
       coalesce((
         select max(extract(epoch from clock_timestamp() - xact_start))
         from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()), 0)::double precision
         as "oldestTransactionSeconds"
     from (
       select count(*)::integer as "storeFiles",
         coalesce(sum(artifact_size_bytes), 0)::double precision as "storeBytes"
       from tapedeck.jobs where status = 'SUCCEEDED') as store`,
  );
  const [figures] = rows;
  if (figures === undefined) throw new Error('readDatabaseFigures answered no row');
  return figures;
}
