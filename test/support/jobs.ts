// Jobs in every status, made by the real statements, and what is behind them in the queue. Tests say only
// what matters to them; everything else is valid and different each time.

import { randomBytes, randomUUID } from 'node:crypto';
import { cancelJob } from '../../src/db/actions.ts';
import { claimAttempt, failAttempt, finishAttempt } from '../../src/db/attempts.ts';
import type { AttemptKey } from '../../src/db/attempts.ts';
import { readWatchedJobs } from '../../src/db/jobs.ts';
import type { Database, Queryable } from '../../src/db/pool.ts';
import { requestJob } from '../../src/db/requests.ts';
import type { JobRequest } from '../../src/db/requests.ts';
import { expireLostArtifact } from '../../src/db/upkeep.ts';
import type { Artifact, Job, JobStatus, SourceIdentity } from '../../src/domain/job.ts';

/** A video that nobody has asked for yet. */
export function newSource(): SourceIdentity {
  const externalId = randomBytes(8).toString('base64url');
  const canonicalUrl = `https://www.youtube.com/watch?v=${externalId}`;
  return { site: 'youtube', externalId, canonicalUrl };
}

/** A request of `alice` for a new video. */
export function newRequest(changes: Partial<JobRequest> = {}): JobRequest {
  return {
    ownerId: 'alice',
    source: newSource(),
    options: { quality: 'KBPS_192', embedThumbnail: true },
    maxAttempts: 5,
    mayReuse: true,
    idempotency: null,
    ...changes,
  };
}

export function newArtifact(changes: Partial<Artifact> = {}): Artifact {
  return {
    token: randomUUID(),
    sizeBytes: 4_000_000,
    sha256: randomBytes(32).toString('hex'),
    durationSeconds: 180.5,
    bitrateKbps: 192,
    ...changes,
  };
}

export function keyOf(job: Job): AttemptKey {
  return { jobId: job.id, attempt: job.attempt };
}

type JobOptions = Partial<JobRequest> & { readonly workerId?: string };

/** Requests a job and leads it to `status`: as far as RUNNING by `workerId`, which is not put on record. */
export async function createJob(
  pool: Database,
  status: JobStatus,
  { workerId = 'worker', ...changes }: JobOptions = {},
): Promise<Job> {
  const request = newRequest(changes);
  const job = sure(await requestJob(pool, request)).job;
  if (status === 'QUEUED') return job;
  if (status === 'CANCELED') {
    await cancelJob(pool, request.ownerId, job.id);
    return readJob(pool, job.id);
  }
  const running = sure(await claimAttempt(pool, job.id, workerId));
  if (status === 'RUNNING') return running;
  const key = keyOf(running);
  if (status === 'FAILED') return sure(await failAttempt(pool, key, 'UNAVAILABLE'));
  const succeeded = sure(await finishAttempt(pool, key, newArtifact(), 24));
  if (status === 'SUCCEEDED') return succeeded;
  await expireLostArtifact(pool, key);
  return readJob(pool, job.id);
}

/** The job as it is now; fails when it is gone. */
export async function readJob(db: Queryable, jobId: string): Promise<Job> {
  const job = await findJob(db, jobId);
  if (job === null) throw new Error(`there is no job ${jobId} any more`);
  return job;
}

/** The job as it is now; null when it is gone. */
export async function findJob(db: Queryable, jobId: string): Promise<Job | null> {
  return (await readWatchedJobs(db, [jobId]))[0]?.job ?? null;
}

export async function ownersOf(db: Queryable, jobId: string): Promise<string[]> {
  const [watched] = await readWatchedJobs(db, [jobId]);
  return [...(watched?.ownerIds ?? [])].toSorted();
}

export type QueueJob = {
  readonly id: string;
  readonly run_at: Date;
  /** It is delivered by the job's place, or when its time comes. */
  readonly is_in_place: boolean;
  readonly attempts: number;
  readonly locked_by: string | null;
};

/** graphile-worker's delivery of the job; null when there is none. */
export async function findQueueJob(db: Queryable, jobId: string): Promise<QueueJob | null> {
  const { rows } = await db.query<QueueJob>(
    `select q.id, q.run_at, q.attempts, q.locked_by,
       (q.priority, q.run_at) in (
         (0, 'epoch'::timestamptz + j.place * interval '1 microsecond'), (-1, j.run_at)) as is_in_place
     from graphile_worker.jobs q left join tapedeck.jobs j on j.id::text = q.key where q.key = $1`,
    [jobId],
  );
  return rows[0] ?? null;
}

/** Fetches the queue job as graphile-worker does: locks it and counts the delivery. */
export async function lockQueueJob(db: Queryable, jobId: string, workerId: string): Promise<void> {
  await db.query(
    `update graphile_worker._private_jobs
     set locked_by = $2, locked_at = now(), attempts = attempts + 1 where key = $1`,
    [jobId, workerId],
  );
}

/** Lets the row look as if it had been written `seconds` earlier. */
export async function letTimePass(db: Queryable, jobId: string, seconds: number): Promise<void> {
  await db.query(
    `update tapedeck.jobs
     set created_at = created_at - make_interval(secs => $2),
         updated_at = updated_at - make_interval(secs => $2),
         finished_at = finished_at - make_interval(secs => $2),
         expires_at = expires_at - make_interval(secs => $2)
     where id = $1`,
    [jobId, seconds],
  );
}

/** Gives the jobs places in this order. */
export async function queueInOrder(db: Queryable, jobs: readonly Job[]): Promise<void> {
  await db.query(
    `update tapedeck.jobs j set place = nextval('tapedeck.arrivals')
     from unnest($1::uuid[]) with ordinality as given(id, nth) where j.id = given.id`,
    [jobs.map(({ id }) => id)],
  );
}

/** Back to a database as it was cloned, much faster than by another clone. */
export async function removeAllJobs(db: Queryable): Promise<void> {
  await db.query(
    `delete from tapedeck.jobs;
     delete from tapedeck.workers;
     delete from tapedeck.lanes;
     delete from tapedeck.source_losses;
     delete from graphile_worker._private_jobs`,
  );
}

function sure<Value>(value: Value | null): Value {
  if (value === null) throw new Error('the statement changed nothing: the factory is wrong');
  return value;
}
