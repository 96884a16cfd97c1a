// The statement behind requestMp3. The rules are in tapedeck.request_job (sql/), where the races are.

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

/** Commits the request in one round trip; null when the idempotency key was used for other arguments. */
export async function requestJob(
  db: Queryable,
  request: JobRequest,
): Promise<{ outcome: RequestOutcome; job: Job } | null> {
  const { rows } = await db.query<JobRow & { outcome: RequestOutcome | 'IDEMPOTENCY_KEY_REUSED' }>(
    `-- requestJob
     select outcome, ${jobColumns('(job)')}
     from tapedeck.request_job($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      request.ownerId,
      request.source.site,
      request.source.externalId,
      request.source.canonicalUrl,
      request.options.quality,
      request.options.embedThumbnail,
      request.maxAttempts,
      request.mayReuse,
      request.idempotency?.key ?? null,
      request.idempotency?.argumentsHash ?? null,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('request_job answered no row');
  if (row.outcome === 'IDEMPOTENCY_KEY_REUSED') return null;
  return { outcome: row.outcome, job: toJob(row) };
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
