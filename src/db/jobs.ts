// Reading jobs: one or many of a caller's, and those that streams watch. It changes nothing.

import type { ViewerId } from '../domain/access.ts';
import type { Job } from '../domain/job.ts';
import { jobColumns, toJob } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import type { Queryable } from './pool.ts';

/** The jobs that the viewer sees, as `j`; $1 is the viewer. */
export function jobsOf(viewerId: ViewerId): string {
  return viewerId === null
    ? 'from tapedeck.jobs j cross join (select $1::text) as everybody'
    : 'from tapedeck.jobs j join tapedeck.job_owners o on o.job_id = j.id and o.owner_id = $1';
}

/** The viewer's jobs among `ids`, in no order. Foreign and absent ones are both left out. */
export async function findOwnedJobs(
  db: Queryable,
  viewerId: ViewerId,
  ids: readonly string[],
): Promise<Job[]> {
  const { rows } = await db.query<JobRow>(
    `-- findOwnedJobs
     select ${jobColumns('j')} ${jobsOf(viewerId)}
     where j.id = any($2::uuid[])`,
    [viewerId, ids],
  );
  return rows.map(toJob);
}

/** A job as the watch hub needs it: with everybody who may see it. */
export type WatchedJob = { readonly job: Job; readonly ownerIds: readonly string[] };

/** The jobs among `ids` that exist, with their owners. */
export async function readWatchedJobs(
  db: Queryable,
  ids: readonly string[],
): Promise<WatchedJob[]> {
  const { rows } = await db.query<JobRow & { owner_ids: string[] }>(
    `-- readWatchedJobs
     select ${jobColumns('j')},
       array(select o.owner_id from tapedeck.job_owners o where o.job_id = j.id) as owner_ids
     from tapedeck.jobs j where j.id = any($1::uuid[])`,
    [ids],
  );
  return rows.map((row) => ({ job: toJob(row), ownerIds: row.owner_ids }));
}

/** The caller's newest jobs, newest first; only the active ones when asked so. */
export async function findNewestJobs(
  db: Queryable,
  viewerId: ViewerId,
  { activeOnly, limit }: { activeOnly: boolean; limit: number },
): Promise<Job[]> {
  const { rows } = await db.query<JobRow>(
    `-- findNewestJobs
     select ${jobColumns('j')}
     ${jobsOf(viewerId)}
     where ${activeOnly ? `j.status in ('QUEUED', 'RUNNING')` : 'true'}
     order by j.created_at desc, j.id desc limit $2`,
    [viewerId, limit],
  );
  return rows.map(toJob);
}

/** The ids and versions of the caller's newest jobs. */
export async function findNewestVersions(
  db: Queryable,
  viewerId: ViewerId,
  limit: number,
): Promise<{ id: string; version: number }[]> {
  const { rows } = await db.query<{ id: string; version: number }>(
    `-- findNewestVersions
     select j.id, j.version
     ${jobsOf(viewerId)}
     order by j.created_at desc, j.id desc limit $2`,
    [viewerId, limit],
  );
  return rows;
}

/** The id of the job whose small picture has this token; null when there is none. */
export async function findJobIdByThumbnailToken(
  db: Queryable,
  token: string,
): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `-- findJobIdByThumbnailToken
     select id from tapedeck.jobs where thumbnail_token = $1`,
    [token],
  );
  return rows[0]?.id ?? null;
}

/** How many queued jobs are before each of `ids`; jobs that are not queued are left out. */
export async function countJobsAhead(
  db: Queryable,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await db.query<{ id: string; ahead: number }>(
    `-- countJobsAhead
     -- One pass over the queue, however many are asked for. Who waits for a time comes after who is due.
     select id, ahead from (
       select id, (row_number() over (order by greatest(run_at, now()), place, id) - 1)::integer as ahead
       from tapedeck.jobs where status = 'QUEUED') as queue
     where id = any($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(({ id, ahead }) => [id, ahead]));
}

/** The job whose MP3 can be heard as it grows under this token, or could before it SUCCEEDED; null when there is none. */
export async function findJobByPreviewToken(db: Queryable, token: string): Promise<Job | null> {
  const { rows } = await db.query<JobRow>(
    `-- findJobByPreviewToken
     select ${jobColumns('j')} from tapedeck.jobs j
     where (j.status = 'RUNNING' and j.preview_token = $1) or j.artifact_token = $1`,
    [token],
  );
  return rows[0] === undefined ? null : toJob(rows[0]);
}

/** The artifact's job by the unguessable part of its address; EXPIRED ones included, to say "gone". */
export async function findJobByArtifactToken(db: Queryable, token: string): Promise<Job | null> {
  const { rows } = await db.query<JobRow>(
    `-- findJobByArtifactToken
     select ${jobColumns('j')} from tapedeck.jobs j where j.artifact_token = $1`,
    [token],
  );
  return rows[0] === undefined ? null : toJob(rows[0]);
}
