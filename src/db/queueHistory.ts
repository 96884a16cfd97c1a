// How the queue did lately, minute by minute, what failed, and who works: figures for a wall, over all owners.

import type { JobFailureCode } from '../domain/failure.ts';
import type { Queryable } from './pool.ts';

/** What finished within one minute. */
export type QueueInterval = {
  readonly startsAt: Date;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  /** Null when nothing was run to an end in it. */
  readonly waitSecondsP50: number | null;
  readonly runSecondsP50: number | null;
};

/** One interval a minute, the present one last, those in which nothing happened included. */
export async function readQueueIntervals(db: Queryable, minutes: number): Promise<QueueInterval[]> {
  const { rows } = await db.query<QueueInterval>(
    `-- readQueueIntervals
     select minute as "startsAt",
       count(*) filter (where j.status in ('SUCCEEDED', 'EXPIRED'))::integer as succeeded,
       count(*) filter (where j.status = 'FAILED')::integer as failed,
       count(*) filter (where j.status = 'CANCELED')::integer as canceled,
       percentile_cont(0.5) within group (order by waited) as "waitSecondsP50",
       percentile_cont(0.5) within group (order by ran) as "runSecondsP50"
     from generate_series(
       date_trunc('minute', now()) - make_interval(mins => $1 - 1), date_trunc('minute', now()),
       interval '1 minute') as minute
     left join (${finishedJobs}) as j on date_trunc('minute', j.finished_at) = minute
     group by minute order by minute`,
    [minutes],
  );
  return rows;
}

const ofLastAttempt = 'started_at >= run_at';
const finishedJobs = `
  select status, finished_at,
    case when ${ofLastAttempt} then extract(epoch from started_at - run_at) end
      ::double precision as waited,
    case when ${ofLastAttempt} then extract(epoch from finished_at - started_at) end
      ::double precision as ran
  from tapedeck.jobs
  -- As the index jobs_by_finish has it: unfinished jobs stand at infinity.
  where coalesce(finished_at, 'infinity') >= date_trunc('minute', now()) - make_interval(mins => $1 - 1)
    and coalesce(finished_at, 'infinity') < 'infinity'`;

export type FailureCount = { readonly code: JobFailureCode; readonly count: number };

/** Why jobs failed for good within the last `minutes`, the most frequent cause first. */
export async function countFailures(db: Queryable, minutes: number): Promise<FailureCount[]> {
  const { rows } = await db.query<FailureCount>(
    `-- countFailures
     select failure_code as code, count(*)::integer as count
     from tapedeck.jobs
     where status = 'FAILED'
       and coalesce(finished_at, 'infinity') > now() - make_interval(mins => $1)
       and coalesce(finished_at, 'infinity') < 'infinity'
     group by failure_code order by count(*) desc, failure_code`,
    [minutes],
  );
  return rows;
}

export type LivingWorker = {
  readonly id: string;
  readonly slots: number;
  readonly running: number;
  readonly startedAt: Date;
  readonly seenAt: Date;
};

/** The workers that were seen within `lostAfterSeconds`, the longest running first. */
export async function readLivingWorkers(
  db: Queryable,
  lostAfterSeconds: number,
): Promise<LivingWorker[]> {
  const { rows } = await db.query<LivingWorker>(
    `-- readLivingWorkers
     select w.id, w.slots, w.started_at as "startedAt", w.seen_at as "seenAt",
       (select count(*)::integer from tapedeck.jobs j
        where j.worker_id = w.id and j.status = 'RUNNING') as running
     from tapedeck.workers w where w.seen_at > now() - make_interval(secs => $1)
     order by w.started_at, w.id`,
    [lostAfterSeconds],
  );
  return rows;
}
