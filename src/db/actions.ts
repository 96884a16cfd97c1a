// What a caller does to a job of theirs: cancel, retry, delete. Each locks the row first, so that two
// callers, or a caller and a task, meet in one order; foreign and absent jobs are both simply not found. An admin
// (null) acts for all owners at once, and nobody counts it.

import type { DatabaseError } from 'pg';
import { isRetryable, isTerminal } from '../domain/job.ts';
import type { Job } from '../domain/job.ts';
import { jobsOf } from './jobs.ts';
import type { ViewerId } from '../domain/access.ts';
import { jobColumns, toJob } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import { chargeCaller, refuseOneMore } from './limits.ts';
import type { Deed } from './limits.ts';
import { withTransaction } from './pool.ts';
import type { Database, Queryable } from './pool.ts';
import type { Counted } from './requests.ts';

/** `pointsLeft`: of the caller's allowance; absent when nothing limits it. */
export type Charged<Outcome> = Outcome & { readonly pointsLeft?: number };

export type CancelOutcome =
  | { readonly kind: 'NOT_FOUND' }
  /** `LEFT`: the job goes on for its other owners, and is no longer this caller's. */
  | { readonly kind: 'CANCELED' | 'LEFT' | 'ALREADY_TERMINAL'; readonly job: Job };

/** Stops an active job, or gives up the caller's share of it when it has other owners. */
export function cancelJob(
  pool: Database,
  viewerId: ViewerId,
  jobId: string,
  counted: Counted | null = null,
): Promise<Charged<CancelOutcome>> {
  return charged(pool, viewerId, counted, 'CANCELED', async (db): Promise<CancelOutcome> => {
    const job = await lockOwnedJob(db, viewerId, jobId);
    if (job === null) return { kind: 'NOT_FOUND' };
    if (isTerminal(job.status)) return { kind: 'ALREADY_TERMINAL', job };
    if (await leaveSharedJob(db, viewerId, jobId)) return { kind: 'LEFT', job };
    const { rows } = await db.query<JobRow>(
      `-- cancelJob
       with canceled as (
         update tapedeck.jobs j
         set version = j.version + 1, updated_at = now(), status = 'CANCELED', finished_at = now(),
             held_at = null,
             worker_id = null, phase = null, bytes_done = null, bytes_total = null, bytes_per_second = null,
             eta_seconds = null
         where j.id = $1 and j.status in ('QUEUED', 'RUNNING')
         returning j.*)
       select ${jobColumns('canceled')}, tapedeck.announce(canceled::tapedeck.jobs),
         tapedeck.dequeue(canceled.id)
       from canceled`,
      [jobId],
    );
    return { kind: 'CANCELED', job: onlyJob(rows) };
  });
}

export type RetryOutcome =
  | { readonly kind: 'NOT_FOUND' }
  /** `TWIN_ACTIVE`: another job makes the same MP3 right now. */
  | {
      readonly kind: 'QUEUED' | 'STILL_ACTIVE' | 'NOT_RETRYABLE' | 'TWIN_ACTIVE';
      readonly job: Job;
    };

/** Queues a FAILED, CANCELED or EXPIRED job again, with `attempts` more attempts. */
export async function retryJob(
  pool: Database,
  viewerId: ViewerId,
  jobId: string,
  attempts: number,
  counted: Counted | null = null,
): Promise<Charged<RetryOutcome>> {
  const retry = async (db: Queryable): Promise<RetryOutcome> => {
    const job = await lockOwnedJob(db, viewerId, jobId);
    if (job === null) return { kind: 'NOT_FOUND' };
    if (!isTerminal(job.status)) return { kind: 'STILL_ACTIVE', job };
    if (!isRetryable(job.status)) return { kind: 'NOT_RETRYABLE', job };
    await refuseOneMore(db, viewerId, counted);
    const { rows } = await db.query<JobRow>(
      `-- retryJob
       with queued as (
         update tapedeck.jobs j
         set version = j.version + 1, updated_at = now(), status = 'QUEUED', finished_at = null,
             run_at = date_trunc('milliseconds', now()), max_attempts = j.attempt + $2,
             place = tapedeck.next_place($3),
             fraction = 0, bytes_done = null, bytes_total = null, progress_at = now(),
             failure_code = null, failed_at = null, expires_at = null,
             artifact_token = null, artifact_size_bytes = null, artifact_sha256 = null,
             artifact_duration_seconds = null, artifact_bitrate_kbps = null
         where j.id = $1 and j.status in ('FAILED', 'CANCELED', 'EXPIRED')
           and not exists (
             select from tapedeck.jobs twin
             where (twin.site, twin.external_id, twin.quality, twin.embed_thumbnail)
                 = (j.site, j.external_id, j.quality, j.embed_thumbnail)
               and twin.status in ('QUEUED', 'RUNNING'))
         returning j.*)
       select ${jobColumns('queued')}, tapedeck.announce(queued::tapedeck.jobs),
         tapedeck.enqueue(queued::tapedeck.jobs)
       from queued`,
      [jobId, attempts, viewerId],
    );
    return rows[0] === undefined
      ? { kind: 'TWIN_ACTIVE', job }
      : { kind: 'QUEUED', job: toJob(rows[0]) };
  };
  try {
    return await charged(pool, viewerId, counted, 'RETRIED', retry);
  } catch (error) {
    // A twin became active after our statement had looked. Now that it has committed, it is seen.
    if ((error as DatabaseError).constraint !== 'jobs_one_active_per_identity') throw error;
    return retryJob(pool, viewerId, jobId, attempts, counted);
  }
}

export type DeleteOutcome =
  | { readonly kind: 'NOT_FOUND' }
  | { readonly kind: 'STILL_ACTIVE'; readonly job: Job }
  /** `orphan` is the job when its last owner left: it is gone, and its file has to go. */
  | { readonly kind: 'DELETED'; readonly orphan: Job | null };

/** Removes a terminal job from the caller's history, and the job itself with its last owner. */
export function deleteJob(
  pool: Database,
  viewerId: ViewerId,
  jobId: string,
  counted: Counted | null = null,
): Promise<Charged<DeleteOutcome>> {
  return charged(pool, viewerId, counted, 'DELETED', async (db): Promise<DeleteOutcome> => {
    const job = await lockOwnedJob(db, viewerId, jobId);
    if (job === null) return { kind: 'NOT_FOUND' };
    if (!isTerminal(job.status)) return { kind: 'STILL_ACTIVE', job };
    if (await leaveSharedJob(db, viewerId, jobId)) return { kind: 'DELETED', orphan: null };
    await db.query(
      `-- deleteJob
       with deleted as (delete from tapedeck.jobs j where j.id = $1 returning j.*)
       select tapedeck.announce(deleted::tapedeck.jobs) from deleted`,
      [jobId],
    );
    return { kind: 'DELETED', orphan: job };
  });
}

/** Throws LimitReached, and does nothing, when the caller's allowance is used up. */
function charged<Outcome>(
  pool: Database,
  viewerId: ViewerId,
  counted: Counted | null,
  deed: Deed,
  act: (db: Queryable) => Promise<Outcome>,
): Promise<Charged<Outcome>> {
  return withTransaction(pool, async (db) => {
    const pointsLeft = await chargeCaller(db, viewerId, counted, deed);
    return { ...(await act(db)), ...(pointsLeft !== null && { pointsLeft }) };
  });
}

async function lockOwnedJob(db: Queryable, viewerId: ViewerId, jobId: string): Promise<Job | null> {
  const { rows } = await db.query<JobRow>(
    `-- lockOwnedJob
     select ${jobColumns('j')}
     ${jobsOf(viewerId)} where j.id = $2
     for update of j`,
    [viewerId, jobId],
  );
  return rows[0] === undefined ? null : toJob(rows[0]);
}

/**
 * Takes the caller off a job that others own too; false when they are its only owner, and for an admin, who acts
 * for all owners at once. Needs the lock.
 */
async function leaveSharedJob(db: Queryable, viewerId: ViewerId, jobId: string): Promise<boolean> {
  if (viewerId === null) return false;
  const { rowCount } = await db.query(
    `-- leaveSharedJob
     with gone as (
       delete from tapedeck.job_owners
       where owner_id = $1 and job_id = $2
         and exists (select from tapedeck.job_owners where owner_id <> $1 and job_id = $2)
       returning job_id)
     select tapedeck.announce(j.*::tapedeck.jobs) from tapedeck.jobs j join gone on gone.job_id = j.id`,
    [viewerId, jobId],
  );
  return rowCount === 1;
}

function onlyJob(rows: JobRow[]): Job {
  const [row] = rows;
  if (row === undefined) throw new Error('a locked job changed its status');
  return toJob(row);
}
