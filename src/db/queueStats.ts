// The figures of the queue as a whole, over all owners: numbers only, nothing about any one job.

import type { JobFailureCode } from '../domain/failure.ts';
import type { Queryable } from './pool.ts';

export type QueueStats = {
  readonly asOf: Date;
  /** May run now and waits for a worker. */
  readonly queued: number;
  readonly running: number;
  /** Waits for its next attempt's time. */
  readonly waitingForRetry: number;
  readonly workers: number;
  readonly workerSlots: number;
  readonly oldestQueuedAt: Date | null;
  readonly pausedLanes: readonly PausedLane[];
};

/** A site that refuses us: its jobs wait. */
export type PausedLane = {
  readonly site: string;
  /** Of the latest refusal. */
  readonly code: JobFailureCode;
  readonly since: Date;
  /** When the next job probes. */
  readonly until: Date;
  /** Jobs that wait for it. */
  readonly waiting: number;
};

type StatsRow = Omit<QueueStats, 'pausedLanes'> & {
  /** From JSON, so its instants are texts. */
  readonly pausedLanes: readonly (Omit<PausedLane, 'since' | 'until'> & {
    readonly since: string;
    readonly until: string;
  })[];
};

/** The queue now. A worker counts while it was seen within `lostAfterSeconds`. */
export async function readQueueStats(db: Queryable, lostAfterSeconds: number): Promise<QueueStats> {
  const { rows } = await db.query<StatsRow>(
    `-- readQueueStats
     select now() as "asOf", due.*, active.*, living.*, lanes.*
     from
       (select count(*) filter (where run_at <= now())::integer as queued,
               count(*) filter (where run_at > now())::integer as "waitingForRetry",
               min(run_at) filter (where run_at <= now()) as "oldestQueuedAt"
        from tapedeck.jobs where status = 'QUEUED') as due,
       (select count(*)::integer as running from tapedeck.jobs where status = 'RUNNING') as active,
       (select count(*)::integer as workers, coalesce(sum(slots), 0)::integer as "workerSlots"
        from tapedeck.workers where seen_at > now() - make_interval(secs => $1)) as living,
       (select coalesce(json_agg(json_build_object(
           'site', l.site, 'code', l.code, 'since', l.paused_at, 'until', l.paused_until,
           'waiting', (select count(*) from tapedeck.jobs j
                       where j.site = l.site and j.held_at is not null)) order by l.site), '[]')
           as "pausedLanes"
        from tapedeck.lanes l where l.paused_until is not null) as lanes`,
    [lostAfterSeconds],
  );
  const [stats] = rows;
  if (stats === undefined) throw new Error('readQueueStats answered no row');
  const pausedLanes = stats.pausedLanes.map(({ since, until, ...lane }) => ({
    ...lane,
    since: new Date(since),
    until: new Date(until),
  }));
  return { ...stats, pausedLanes };
}

export type QueueWindow = {
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  readonly waitSecondsP50: number | null;
  readonly waitSecondsP95: number | null;
  readonly runSecondsP50: number | null;
  readonly runSecondsP95: number | null;
};

/**
 * What finished within the last `minutes`. Waiting is from due to start and running from start to end,
 * both of the last attempt; a job that was canceled while it waited counts in neither.
 */
export async function readQueueWindow(db: Queryable, minutes: number): Promise<QueueWindow> {
  const { rows } = await db.query<QueueWindow>(
    `-- readQueueWindow
     select
       count(*) filter (where status in ('SUCCEEDED', 'EXPIRED'))::integer as succeeded,
       count(*) filter (where status = 'FAILED')::integer as failed,
       count(*) filter (where status = 'CANCELED')::integer as canceled,
       percentile_cont(0.5) within group (order by waited) as "waitSecondsP50",
       percentile_cont(0.95) within group (order by waited) as "waitSecondsP95",
       percentile_cont(0.5) within group (order by ran) as "runSecondsP50",
       percentile_cont(0.95) within group (order by ran) as "runSecondsP95"
     from (
       select status,
         case when started_at >= run_at then extract(epoch from started_at - run_at) end
           ::double precision as waited,
         case when started_at >= run_at then extract(epoch from finished_at - started_at) end
           ::double precision as ran
       from tapedeck.jobs
       -- As the index jobs_by_finish has it: unfinished jobs stand at infinity.
       where coalesce(finished_at, 'infinity') > now() - make_interval(mins => $1)
         and coalesce(finished_at, 'infinity') < 'infinity') as finished`,
    [minutes],
  );
  const [window] = rows;
  if (window === undefined) throw new Error('readQueueWindow answered no row');
  return window;
}
