// What the scheduled tasks write: expiry, the store's quota, and repairs after crashes. Every statement may
// run twice, or in two processes at once, without a second effect.

import type { AttemptKey } from './attempts.ts';
import type { Queryable } from './pool.ts';

const expire = `
  update tapedeck.jobs j
  set version = j.version + 1, updated_at = now(), status = 'EXPIRED', expires_at = now()`;

/** Expires at most `limit` jobs whose time has come, oldest first; answers whose files have to go. */
export async function expireDueArtifacts(db: Queryable, limit: number): Promise<AttemptKey[]> {
  return answerAttempts(
    db,
    `-- expireDueArtifacts
     with due as (
       select id from tapedeck.jobs where status = 'SUCCEEDED' and expires_at <= now()
       order by expires_at limit $1 for update skip locked),
     changed as (${expire} from due where j.id = due.id and j.status = 'SUCCEEDED' returning j.*)`,
    [limit],
  );
}

/** Expires the oldest files until the rest fits into `quotaBytes`. */
export async function expireOverQuota(db: Queryable, quotaBytes: number): Promise<AttemptKey[]> {
  return answerAttempts(
    db,
    `-- expireOverQuota
     with kept as (
       select id, sum(artifact_size_bytes) over (order by finished_at desc, id desc) as total_bytes
       from tapedeck.jobs where status = 'SUCCEEDED'),
     changed as (
       ${expire} from kept
       where j.id = kept.id and kept.total_bytes > $1 and j.status = 'SUCCEEDED' returning j.*)`,
    [quotaBytes],
  );
}

/** Expires one job whose file is not there any more; null when it is not SUCCEEDED (again). */
export async function expireLostArtifact(
  db: Queryable,
  { jobId, attempt }: AttemptKey,
): Promise<void> {
  await answerAttempts(
    db,
    `-- expireLostArtifact
     with changed as (
       ${expire} where j.id = $1 and j.attempt = $2 and j.status = 'SUCCEEDED' returning j.*)`,
    [jobId, attempt],
  );
}

async function answerAttempts(db: Queryable, change: string, values: unknown[]) {
  const { rows } = await db.query<AttemptKey>(
    `${change}
     select changed.id as "jobId", changed.attempt, tapedeck.announce(changed::tapedeck.jobs)
     from changed`,
    values,
  );
  return rows.map(({ jobId, attempt }) => ({ jobId, attempt }));
}

/** What an attempt left on the disk: its MP3 in the store, or else the folder that it worked in. */
export type AttemptFile = AttemptKey & { readonly isPublished: boolean };

/**
 * Of the given files, those in use: all of a conversion under way, and a kept MP3. Not the folder of
 * an attempt that succeeded: its worker died before it could remove that.
 */
export async function readFilesInUse(
  db: Queryable,
  files: readonly AttemptFile[],
): Promise<AttemptFile[]> {
  const { rows } = await db.query<AttemptFile>(
    `-- readFilesInUse
     select j.id as "jobId", j.attempt, f.is_published as "isPublished"
     from tapedeck.jobs j
     join unnest($1::uuid[], $2::integer[], $3::boolean[]) as f(job_id, attempt, is_published)
       on f.job_id = j.id and f.attempt = j.attempt
     where j.status = 'RUNNING' or (j.status = 'SUCCEEDED' and f.is_published)`,
    [
      files.map(({ jobId }) => jobId),
      files.map(({ attempt }) => attempt),
      files.map(({ isPublished }) => isPublished),
    ],
  );
  return rows;
}

/** Of the given jobs, those that exist. */
export async function readKnownJobs(db: Queryable, jobIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `-- readKnownJobs
     select id from tapedeck.jobs where id = any($1::uuid[])`,
    [jobIds],
  );
  return rows.map(({ id }) => id);
}

type Source = { readonly site: string; readonly externalId: string };

/** Of the given sources, those that an active job may still need. */
export async function readSourcesInUse(
  db: Queryable,
  sources: readonly Source[],
): Promise<Source[]> {
  const { rows } = await db.query<Source>(
    `-- readSourcesInUse
     select distinct j.site, j.external_id as "externalId"
     from tapedeck.jobs j
     join unnest($1::text[], $2::text[]) as s(site, external_id)
       on s.site = j.site and s.external_id = j.external_id
     where j.status in ('QUEUED', 'RUNNING')`,
    [sources.map(({ site }) => site), sources.map(({ externalId }) => externalId)],
  );
  return rows;
}

/**
 * Hands queued jobs to graphile-worker again whose queue job is lost, exhausted, was never there, or has been
 * locked for a minute: whoever locked it claims at once or never. A minute's grace keeps it from jobs that are on
 * their way. Answers their ids.
 */
export async function enqueueForgottenJobs(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `-- enqueueForgottenJobs
     select j.id, tapedeck.enqueue(j.*::tapedeck.jobs)
     from tapedeck.jobs j
     where j.status = 'QUEUED' and j.updated_at < now() - interval '1 minute'
       and not exists (
         select from graphile_worker.jobs q
         where q.key = j.id::text
           and case when q.locked_at is null then q.attempts < q.max_attempts
                 else q.locked_at > now() - interval '1 minute' end)`,
  );
  return rows.map(({ id }) => id);
}

/** Deletes what superseded queue jobs leave behind, idempotency keys after their 24 hours, and full buckets. */
export async function deleteLeftoverRows(db: Queryable): Promise<void> {
  await db.query(
    `-- deleteSupersededQueueJobs
     select graphile_worker.complete_jobs(array(
       select id from graphile_worker.jobs
       where key is null and attempts >= max_attempts))`,
  );
  await db.query(
    `-- deleteOldLosses
     delete from tapedeck.source_losses where lost_at < now() - interval '24 hours'`,
  );
  await db.query(
    `-- deleteOldIdempotencyKeys
     delete from tapedeck.idempotency_keys where created_at < now() - interval '24 hours'`,
  );
  await db.query(
    `-- deleteFullBuckets
     delete from tapedeck.buckets where subject in (
       select subject from tapedeck.buckets where filled_at < now() - interval '10 minutes'
       for update skip locked)`,
  );
}
