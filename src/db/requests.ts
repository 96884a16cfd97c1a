// The statement behind requestMp3, for one or many. The rules are in tapedeck.request_job (sql/), where the races are.

import type { Job, Mp3Options, SourceIdentity } from '../domain/job.ts';
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
  /** Makes the call repeatable for 24 hours; the hash tells a repetition from another request. */
  readonly idempotency: { readonly key: string; readonly argumentsHash: string } | null;
};

/** CREATED a new job; JOINED an active one; REUSED a finished one; REPLAYED an earlier call. */
export type RequestOutcome = 'CREATED' | 'JOINED' | 'REUSED' | 'REPLAYED';

/** Null when the idempotency key was used for other arguments. */
export type AcceptedRequest = { readonly outcome: RequestOutcome; readonly job: Job } | null;

type RequestRow = JobRow & { outcome: RequestOutcome | 'IDEMPOTENCY_KEY_REUSED' };

const requestJobsText = `-- requestJobs
  select outcome, ${jobColumns('(job)')}
  from tapedeck.request_jobs($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
    $7::integer[], $8::boolean[], $9::text[], $10::text[])
  order by place`;

/** Commits all requests in one round trip, or none of them; answers in their order. */
export async function requestJobs(
  db: Queryable,
  requests: readonly JobRequest[],
): Promise<AcceptedRequest[]> {
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
    ],
  });
  if (rows.length !== requests.length) {
    throw new Error(`request_jobs answered ${rows.length} rows for ${requests.length} requests`);
  }
  return rows.map((row) =>
    row.outcome === 'IDEMPOTENCY_KEY_REUSED' ? null : { outcome: row.outcome, job: toJob(row) },
  );
}

/** Commits one request. */
export async function requestJob(db: Queryable, request: JobRequest): Promise<AcceptedRequest> {
  const [accepted = null] = await requestJobs(db, [request]);
  return accepted;
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
