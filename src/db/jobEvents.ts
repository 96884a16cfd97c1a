// The story of jobs, written by a trigger (sql/0002). Read only.

import type { JobFailureCode } from '../domain/failure.ts';
import type { JobPhase, JobStatus } from '../domain/job.ts';
import type { Queryable } from './pool.ts';

/** The job from `at` on: what it was, and what it did while RUNNING. */
export type JobEvent = {
  readonly at: Date;
  readonly status: JobStatus;
  /** Null unless RUNNING. */
  readonly phase: JobPhase | null;
  readonly attempt: number;
  /** Cause of the latest failed attempt at that time. */
  readonly failureCode: JobFailureCode | null;
};

/** The latest `limit` events of each job, oldest first; jobs without any are left out. */
export async function readJobEvents(
  db: Queryable,
  jobIds: readonly string[],
  limit: number,
): Promise<Map<string, JobEvent[]>> {
  const { rows } = await db.query<JobEvent & { jobId: string }>(
    `-- readJobEvents
     select j.id as "jobId", e.at, e.status, e.phase, e.attempt, e.failure_code as "failureCode"
     from unnest($1::uuid[]) as j(id)
     cross join lateral (
       select * from tapedeck.job_events where job_id = j.id order by version desc limit $2) as e
     order by j.id, e.version`,
    [jobIds, limit],
  );
  const stories = new Map<string, JobEvent[]>();
  for (const { jobId, ...event } of rows) {
    const story = stories.get(jobId) ?? [];
    story.push(event);
    stories.set(jobId, story);
  }
  return stories;
}
