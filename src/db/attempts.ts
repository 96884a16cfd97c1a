// What the task of one attempt writes. Every statement is guarded by the attempt, the fencing token: zero
// rows means that the attempt is no longer ours (canceled, rescued, handed over) and nothing was written.

import type { Artifact, Job, JobPhase, SourceMetadata } from '../domain/job.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import { jobColumns, toJob } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import type { Queryable } from './pool.ts';

/** Names one attempt of one job. */
export type AttemptKey = { readonly jobId: string; readonly attempt: number };

export function isSameAttempt(a: AttemptKey, b: AttemptKey): boolean {
  return a.jobId === b.jobId && a.attempt === b.attempt;
}

const held = `j.id = $1 and j.attempt = $2 and j.status = 'RUNNING'`;
const moved = `version = j.version + 1, updated_at = now()`;
const stopped = `worker_id = null, phase = null, bytes_done = null, bytes_total = null,
  bytes_per_second = null, eta_seconds = null`;

/** Starts the next attempt of a queued job; null when there is nothing to start, or its lane is paused. */
export async function claimAttempt(
  db: Queryable,
  jobId: string,
  workerId: string,
): Promise<Job | null> {
  return changeJob(
    db,
    `-- claimAttempt
     update tapedeck.jobs j
     set ${moved}, status = 'RUNNING', attempt = j.attempt + 1, worker_id = $2, started_at = now(),
         phase = 'RESOLVING', fraction = 0, bytes_done = null, bytes_total = null, progress_at = now(),
         held_at = null, preview_token = null
     where j.id = $1 and j.status = 'QUEUED' and tapedeck.may_start(j.id, j.site)`,
    [jobId, workerId],
  );
}

/** Enters a phase; the bar moves to `fraction` unless it is further already, what else was measured is void. */
export async function enterPhase(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
  phase: JobPhase,
  fraction: number,
): Promise<Job | null> {
  return changeJob(
    db,
    `-- enterPhase
     update tapedeck.jobs j
     set ${moved}, phase = $3, fraction = greatest(j.fraction, $4), progress_at = now(),
         bytes_done = null, bytes_total = null, bytes_per_second = null, eta_seconds = null
     where ${held}`,
    [jobId, attempt, phase, fraction],
  );
}

/** Records what the site says about the source. */
export async function recordSource(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
  source: SourceMetadata,
): Promise<Job | null> {
  return changeJob(
    db,
    `-- recordSource
     update tapedeck.jobs j
     set ${moved}, title = $3, uploader = $4, duration_seconds = $5, thumbnail_url = $6
     where ${held}`,
    [jobId, attempt, source.title, source.uploader, source.durationSeconds, source.thumbnailUrl],
  );
}

/** Publishes the small picture, under the address that an earlier attempt's may have already. */
export async function recordThumbnail(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
  token: string,
): Promise<Job | null> {
  return changeJob(
    db,
    `-- recordThumbnail
     update tapedeck.jobs j set ${moved}, thumbnail_token = coalesce(j.thumbnail_token, $3) where ${held}`,
    [jobId, attempt, token],
  );
}

/** Lets callers hear what there is of the MP3. */
export async function recordPreview(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
  token: string,
): Promise<Job | null> {
  return changeJob(
    db,
    `-- recordPreview
     update tapedeck.jobs j set ${moved}, preview_token = $3 where ${held}`,
    [jobId, attempt, token],
  );
}

/** Publishes the MP3: from here on callers see it. `retentionHours` null keeps it for ever. */
export async function finishAttempt(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
  artifact: Artifact,
  retentionHours: number | null,
): Promise<Job | null> {
  return changeJob(
    db,
    `-- finishAttempt
     update tapedeck.jobs j
     set ${moved}, status = 'SUCCEEDED', finished_at = now(), ${stopped}, fraction = 1, progress_at = now(),
         failure_code = null, failed_at = null,
         artifact_token = $3, artifact_size_bytes = $4, artifact_sha256 = $5,
         artifact_duration_seconds = $6, artifact_bitrate_kbps = $7,
         expires_at = now() + make_interval(secs => $8::double precision * 3600)
     where ${held}`,
    [
      jobId,
      attempt,
      artifact.token,
      artifact.sizeBytes,
      artifact.sha256,
      artifact.durationSeconds,
      artifact.bitrateKbps,
      retentionHours,
    ],
  );
}

/** Ends the job for good: the cause is permanent, or no attempt is left. */
export async function failAttempt(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
  code: JobFailureCode,
): Promise<Job | null> {
  return changeJob(
    db,
    `-- failAttempt
     update tapedeck.jobs j
     set ${moved}, status = 'FAILED', finished_at = now(), ${stopped}, failure_code = $3, failed_at = now()
     where ${held}`,
    [jobId, attempt, code],
  );
}

/** Queues the next attempt after a failed one, `delaySeconds` from now. Row and queue job change together. */
export async function retryAttemptLater(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
  code: JobFailureCode,
  delaySeconds: number,
): Promise<Job | null> {
  return requeueJob(
    db,
    `-- retryAttemptLater
     update tapedeck.jobs j
     set ${moved}, status = 'QUEUED', ${stopped}, failure_code = $3, failed_at = now(),
         run_at = now() + make_interval(secs => $4)
     where ${held}`,
    [jobId, attempt, code, delaySeconds],
  );
}

/**
 * Hands a healthy attempt back, as at shutdown. It does not count: one more is allowed instead, so that
 * the fencing token still rises.
 */
export async function releaseAttempt(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
): Promise<Job | null> {
  return requeueJob(
    db,
    `-- releaseAttempt
     update tapedeck.jobs j
     set ${moved}, status = 'QUEUED', ${stopped}, max_attempts = j.max_attempts + 1,
         run_at = date_trunc('milliseconds', now())
     where ${held}`,
    [jobId, attempt],
  );
}

/** Has the job ended, or been deleted? Then nobody will try it again by himself. */
export async function isJobOver(db: Queryable, jobId: string): Promise<boolean> {
  const { rows } = await db.query(
    `-- isJobOver
     select from tapedeck.jobs where id = $1 and status in ('QUEUED', 'RUNNING')`,
    [jobId],
  );
  return rows.length === 0;
}

async function changeJob(db: Queryable, update: string, values: unknown[]): Promise<Job | null> {
  const { rows } = await db.query<JobRow>(
    `with changed as (${update} returning j.*)
     select ${jobColumns('changed')}, tapedeck.announce(changed::tapedeck.jobs) from changed`,
    values,
  );
  return rows[0] === undefined ? null : toJob(rows[0]);
}

async function requeueJob(db: Queryable, update: string, values: unknown[]): Promise<Job | null> {
  const { rows } = await db.query<JobRow>(
    `with changed as (${update} returning j.*)
     select ${jobColumns('changed')}, tapedeck.announce(changed::tapedeck.jobs),
       tapedeck.enqueue(changed::tapedeck.jobs)
     from changed`,
    values,
  );
  return rows[0] === undefined ? null : toJob(rows[0]);
}
