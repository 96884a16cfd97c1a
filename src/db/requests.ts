// The statement behind requestMp3, for one or many. The rules are in tapedeck.request_job (sql/), where the races are.

import type { Job, Mp3Options, SourceIdentity } from '../domain/job.ts';
import { LimitReached } from '../domain/limits.ts';
import type { LimitCode, Limits } from '../domain/limits.ts';
import { jobColumns, toJob } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import type { Queryable } from './pool.ts';

export type JobRequest = {
  readonly ownerId: string;
  readonly source: SourceIdentity;
  readonly options: Mp3Options;
  readonly maxAttempts: number;
  /** May a finished job answer, when its file is still kept? */
  readonly mayReuse: boolean;
  readonly counted?: Counted | null;
  /** Makes the call repeatable for 24 hours; the hash tells a repetition from another request. */
  readonly idempotency: { readonly key: string; readonly argumentsHash: string } | null;
};

/** Who is counted for what; without it nothing is limited. */
export type Counted = {
  /** A pseudonym of the caller's address; null: counted as an owner alone. */
  readonly address: string | null;
  readonly limits: Limits;
};

/** CREATED a new job; JOINED an active one; REUSED a finished one; REPLAYED an earlier call. */
export type RequestOutcome = 'CREATED' | 'JOINED' | 'REUSED' | 'REPLAYED';

/**
 * `pointsLeft`: what the caller may still ask for in points; absent when nothing limits that. Null when the
 * idempotency key was used for other arguments.
 */
export type AcceptedRequest = {
  readonly outcome: RequestOutcome;
  readonly job: Job;
  readonly pointsLeft?: number;
} | null;

type RequestRow = JobRow & {
  outcome: RequestOutcome | 'IDEMPOTENCY_KEY_REUSED' | LimitCode;
  retry_at: Date | null;
  points_left: number | null;
};

const requestJobsText = `-- requestJobs
  select outcome, retry_at, points_left, ${jobColumns('(job)')}
  from tapedeck.request_jobs($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
    $7::integer[], $8::boolean[], $9::text[], $10::text[], $11::text[], $12::jsonb)
  order by place`;

/**
 * Commits all requests in one round trip, or none of them; answers in their order. One that the limits refuse is
 * answered with a LimitReached, and is no hindrance to the others. The limits are those of the first, for all.
 */
export async function requestJobs(
  db: Queryable,
  requests: readonly JobRequest[],
): Promise<(AcceptedRequest | LimitReached)[]> {
  const { rows } = await db.query<RequestRow>({
    name: 'requestJobs',
    text: requestJobsText,
    values: [
      requests.map(({ ownerId }) => ownerId),
      requests.map(({ source }) => source.site),
      requests.map(({ source }) => source.externalId),
      requests.map(({ source }) => source.canonicalUrl),
      requests.map(({ options }) => options.quality),
      requests.map(({ options }) => options.embedThumbnail),
      requests.map(({ maxAttempts }) => maxAttempts),
      requests.map(({ mayReuse }) => mayReuse),
      requests.map(({ idempotency }) => idempotency?.key ?? null),
      requests.map(({ idempotency }) => idempotency?.argumentsHash ?? null),
      requests.map(({ counted }) => counted?.address ?? null),
      toLimitsRow(requests[0]?.counted),
    ],
  });
  if (rows.length !== requests.length) {
    throw new Error(`request_jobs answered ${rows.length} rows for ${requests.length} requests`);
  }
  return rows.map(toAnswer);
}

/** Commits one request. Throws LimitReached. */
export async function requestJob(db: Queryable, request: JobRequest): Promise<AcceptedRequest> {
  const [accepted = null] = await requestJobs(db, [request]);
  if (accepted instanceof LimitReached) throw accepted;
  return accepted;
}

function toAnswer(row: RequestRow): AcceptedRequest | LimitReached {
  switch (row.outcome) {
    case 'IDEMPOTENCY_KEY_REUSED':
      return null;
    case 'RATE_LIMITED':
    case 'TOO_MANY_ACTIVE_JOBS':
    case 'TOO_MUCH_STORED':
    case 'QUEUE_FULL':
      return new LimitReached(row.outcome, row.retry_at);
    case 'CREATED':
    case 'JOINED':
    case 'REUSED':
    case 'REPLAYED':
      return {
        outcome: row.outcome,
        job: toJob(row),
        ...(row.points_left !== null && { pointsLeft: row.points_left }),
      };
  }
}

/** As JSON of the type tapedeck.limits; null when nothing is limited. */
export function toLimitsRow(counted: Counted | null | undefined): object | null {
  if (counted == null) return null;
  const { limits } = counted;
  return {
    owner_per_minute: limits.ownerPerMinute,
    address_per_minute: limits.addressPerMinute,
    owner_active: limits.ownerActive,
    address_active: limits.addressActive,
    owner_stored_bytes: limits.ownerStoredBytes,
    address_stored_bytes: limits.addressStoredBytes,
    queued: limits.queued,
  };
}

/** Takes back a key whose answer turned out to be void: the next call with it acts anew. */
export async function forgetIdempotencyKey(
  db: Queryable,
  ownerId: string,
  key: string,
): Promise<void> {
  await db.query(
    `-- forgetIdempotencyKey
     delete from tapedeck.idempotency_keys where owner_id = $1 and key = $2`,
    [ownerId, key],
  );
}
