// The living worker processes, and the rescue of what the dead ones held. All times are the database's,
// so that a host with a wrong clock neither looks dead nor declares others dead.

import { hostname } from 'node:os';
import type { AttemptKey } from './attempts.ts';
import { withTransaction } from './pool.ts';
import type { Database, Queryable } from './pool.ts';

export type Worker = {
  /** The id of the graphile-worker pool that converts: by it attempts are held and queue jobs locked. */
  readonly id: string;
  /** The ids of its other pools: what they have locked is given up with it. */
  readonly otherPoolIds?: readonly string[];
  /** Conversions it can run at once. */
  readonly slots: number;
};

/** Puts the worker on record, or says that it still lives. */
export async function beatWorker(db: Queryable, worker: Worker): Promise<void> {
  await db.query(
    `-- beatWorker
     insert into tapedeck.workers (id, host, slots, other_pool_ids) values ($1, $2, $3, $4)
     on conflict (id) do update set seen_at = now()`,
    [worker.id, hostname(), worker.slots, worker.otherPoolIds ?? []],
  );
}

/** Is a worker process of this host alive? In a container, which is a host of its own: the one in it. */
export async function hasLivingWorker(db: Queryable, lostAfterSeconds: number): Promise<boolean> {
  const { rows } = await db.query(
    `-- hasLivingWorker
     select from tapedeck.workers
     where host = $1 and seen_at > now() - make_interval(secs => $2) limit 1`,
    [hostname(), lostAfterSeconds],
  );
  return rows.length > 0;
}

/** Takes a worker that stopped in good order off the record. */
export async function removeWorker(db: Queryable, workerId: string): Promise<void> {
  await db.query(`-- removeWorker\ndelete from tapedeck.workers where id = $1`, [workerId]);
}

/** `isFinal` when the job has FAILED with it. */
export type LostAttempt = AttemptKey & { readonly isFinal: boolean };

/** A source that took so many workers down with it, in the time that this is remembered, gets no further try. */
const mostLosses = 3;
const lossesRememberedSeconds = 24 * 60 * 60;

const hasAnotherTry = `(j.attempt < j.max_attempts and not judged."isPoison")`;

/** The source was converted: whatever took workers down, it was not this. */
export async function forgetLosses(
  db: Queryable,
  { site, externalId }: { readonly site: string; readonly externalId: string },
): Promise<void> {
  await db.query(
    `-- forgetLosses\ndelete from tapedeck.source_losses where site = $1 and external_id = $2`,
    [site, externalId],
  );
}

/**
 * Declares workers dead that were not seen for `lostAfterSeconds` and gives up their attempts: queued again
 * or FAILED as WORKER_LOST after the last one, or when their source has taken too many workers with it. Any number of processes may call it at once.
 * Answers the attempts that were given up.
 */
export function rescueLostAttempts(
  pool: Database,
  lostAfterSeconds: number,
): Promise<LostAttempt[]> {
  return withTransaction(pool, async (db) => {
    const dead = await db.query<{ poolIds: string[] }>(
      `-- removeLostWorkers
       delete from tapedeck.workers where seen_at < now() - make_interval(secs => $1)
       returning array_prepend(id, other_pool_ids) as "poolIds"`,
      [lostAfterSeconds],
    );
    if (dead.rows.length > 0) {
      // A crashed pool would keep its queue jobs locked for four hours (research: graphile/worker#222).
      await db.query(
        `-- unlockQueueJobs\nselect graphile_worker.force_unlock_workers($1::text[])`,
        [dead.rows.flatMap(({ poolIds }) => poolIds)],
      );
    }
    const { rows } = await db.query<LostAttempt>(
      `-- giveUpLostAttempts
       with lost as (
         select j.id, j.site, j.external_id from tapedeck.jobs j
         where j.status = 'RUNNING'
           and not exists (select from tapedeck.workers w where w.id = j.worker_id)
         for update of j skip locked),
       counted as (
         insert into tapedeck.source_losses as s (site, external_id, losses)
         select site, external_id, 1 from lost group by site, external_id order by site, external_id
         on conflict (site, external_id) do update
         set lost_at = now(),
             losses = case when s.lost_at > now() - make_interval(secs => $2) then s.losses else 0 end + 1
         returning site, external_id, losses),
       judged as (
         select lost.id, counted.losses, counted.losses >= $1 as "isPoison"
         from lost join counted using (site, external_id)),
       changed as (
         update tapedeck.jobs j
         set version = j.version + 1, updated_at = now(),
             status = case when ${hasAnotherTry} then 'QUEUED' else 'FAILED' end,
             finished_at = case when ${hasAnotherTry} then null else now() end,
             run_at = case when ${hasAnotherTry}
                        -- The second time apart from those that it was lost with: one of them may be the cause.
                        then date_trunc('milliseconds', now())
                          + case when judged.losses > 1 then make_interval(secs => 5 + 15 * random())
                              else interval '0' end
                        else j.run_at end,
             worker_id = null, phase = null, bytes_done = null, bytes_total = null, bytes_per_second = null,
             eta_seconds = null,
             failure_code = 'WORKER_LOST', failed_at = now()
         from judged where j.id = judged.id
         returning j.*)
       select changed.id as "jobId", changed.attempt, changed.status = 'FAILED' as "isFinal",
         tapedeck.announce(changed::tapedeck.jobs),
         case when changed.status = 'QUEUED' then tapedeck.enqueue(changed::tapedeck.jobs) end
       from changed`,
      [mostLosses, lossesRememberedSeconds],
    );
    return rows.map(({ jobId, attempt, isFinal }) => ({ jobId, attempt, isFinal }));
  });
}
