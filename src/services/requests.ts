// What callers ask for: request, cancel, retry, delete. It decides what a caller is told; the races are
// decided in src/db. It knows no GraphQL: a refusal is data with a code.

import { createHash } from 'node:crypto';
import { cancelJob, deleteJob, retryJob } from '../db/actions.ts';
import type { Charged } from '../db/actions.ts';
import type { AttemptKey } from '../db/attempts.ts';
import type { ViewerId } from '../domain/access.ts';
import type { Database } from '../db/pool.ts';
import { forgetIdempotencyKey } from '../db/requests.ts';
import type { Counted, RequestOutcome } from '../db/requests.ts';
import { expireLostArtifact } from '../db/upkeep.ts';
import { isLoopback } from '../domain/access.ts';
import type { AllowedHosts } from '../domain/allowedHosts.ts';
import type { Job, Mp3Options, SourceIdentity } from '../domain/job.ts';
import { LimitReached } from '../domain/limits.ts';
import type { Limits } from '../domain/limits.ts';
import { attemptsPerRequest } from '../domain/retry.ts';
import type { Logger } from '../logger.ts';
import { parseVideoUrl } from '../domain/url.ts';
import {
  alreadyTerminal,
  explain,
  keyReused,
  notFound,
  notRetryable,
  orRefused,
  stillActive,
  twinActive,
  unusableKey,
} from './refusals.ts';
import type { ActionRefusal, RequestRefusal } from './refusals.ts';
import { createRequestBatches } from './requestBatches.ts';

export type Mp3Request = {
  readonly url: string;
  readonly options: Mp3Options;
  /** May a finished conversion answer at once? */
  readonly mayReuse: boolean;
  readonly idempotencyKey: string | null;
};

/** `pointsLeft`: of the caller's allowance; undefined when nothing limits it, or nothing was asked of the database. */
export type Allowance = { readonly pointsLeft?: number | undefined };

export type RequestResult =
  | (Allowance & {
      readonly refusal: null;
      readonly job: Job;
      readonly outcome: RequestOutcome;
    })
  | (Allowance & {
      readonly refusal: RequestRefusal;
      readonly job: null;
      readonly outcome: null;
    });

/** `job` is its present state, also when refused; null when there is none such, or none any more. */
export type ActionResult = Allowance & {
  readonly refusal: ActionRefusal | null;
  readonly job: Job | null;
};

/**
 * A null `jobId` stands for an id that no job can have: it is not found, like any other. `address` is where the
 * call came from, for the limits; without it the owner alone is counted.
 */
export type Requests = {
  request(ownerId: string, request: Mp3Request, address?: string): Promise<RequestResult>;
  cancel(viewerId: ViewerId, jobId: string | null, address?: string): Promise<ActionResult>;
  retry(viewerId: ViewerId, jobId: string | null, address?: string): Promise<ActionResult>;
  remove(viewerId: ViewerId, jobId: string | null, address?: string): Promise<ActionResult>;
};

type RequestsOptions = {
  readonly pool: Database;
  readonly allowedHosts: AllowedHosts;
  /** Is the attempt's MP3 really in the store? */
  readonly hasArtifact: (attempt: AttemptKey) => Promise<boolean>;
  readonly removeFiles: (attempt: AttemptKey) => Promise<void>;
  /** Without them nothing is limited. */
  readonly limits?: Limits;
  /** What is stored in the place of an address, the same each time. */
  readonly pseudonymOf?: (address: string) => string;
  /** Told what was accepted: the beginning of each job's story. */
  readonly logger?: Logger;
};

/** Longer ones are refused: the key is stored, and is nobody's place for data. */
const longestIdempotencyKey = 255;

export function createRequests(options: RequestsOptions): Requests {
  const { pool, allowedHosts, hasArtifact, removeFiles, logger, limits, pseudonymOf } = options;
  const commit = createRequestBatches(pool);

  function count(address: string | undefined): Counted | null {
    if (limits === undefined) return null;
    // A proxy on this machine that is not trusted stands for everybody.
    const isCounted = address !== undefined && !isLoopback(address);
    const pseudonym = isCounted ? (pseudonymOf?.(address) ?? null) : null;
    return { limits, address: pseudonym };
  }

  async function request(
    ownerId: string,
    asked: Mp3Request,
    address?: string,
  ): Promise<RequestResult> {
    const parsed = parseVideoUrl(asked.url, allowedHosts);
    if (!parsed.ok) return refuse({ code: parsed.code, message: parsed.message, path: ['url'] });
    if (asked.idempotencyKey !== null && !isIdempotencyKey(asked.idempotencyKey)) {
      return refuse(unusableKey(longestIdempotencyKey));
    }
    const accepted = await orRefused(
      commit({
        ownerId,
        source: parsed.source,
        options: asked.options,
        maxAttempts: attemptsPerRequest,
        mayReuse: asked.mayReuse,
        idempotency:
          asked.idempotencyKey === null
            ? null
            : { key: asked.idempotencyKey, argumentsHash: hashArguments(parsed.source, asked) },
        counted: count(address),
      }),
    );
    if (accepted instanceof LimitReached) return refuse(explain(accepted));
    if (accepted === null) {
      return refuse(keyReused);
    }
    const { job, outcome } = accepted;
    if (outcome === 'REUSED') {
      const attempt = { jobId: job.id, attempt: job.attempt };
      if (!(await hasArtifact(attempt))) {
        // Somebody emptied the store behind our back: tell the truth and convert again.
        await expireLostArtifact(pool, attempt);
        // The key stands for the lost file by now; the call below is to act, not to replay that.
        if (asked.idempotencyKey !== null) {
          await forgetIdempotencyKey(pool, ownerId, asked.idempotencyKey);
        }
        return request(ownerId, asked, address);
      }
    }
    logger?.info({ jobId: job.id, outcome, site: job.source.site }, 'job requested');
    return { refusal: null, ...accepted };
  }

  const cancel: Requests['cancel'] = (viewerId, jobId, address) =>
    act(
      jobId,
      (id) => cancelJob(pool, viewerId, id, count(address)),
      (outcome) => {
        switch (outcome.kind) {
          case 'NOT_FOUND':
            return { refusal: notFound, job: null };
          case 'ALREADY_TERMINAL':
            // Asking twice is no mistake: a canceled job stays canceled.
            if (outcome.job.status === 'CANCELED') return { refusal: null, job: outcome.job };
            return { refusal: alreadyTerminal, job: outcome.job };
          case 'CANCELED':
          case 'LEFT':
            logger?.info({ jobId, outcome: outcome.kind }, 'job canceled');
            return { refusal: null, job: outcome.job };
        }
      },
    );

  const retry: Requests['retry'] = (viewerId, jobId, address) =>
    act(
      jobId,
      (id) => retryJob(pool, viewerId, id, attemptsPerRequest, count(address)),
      (outcome) => {
        switch (outcome.kind) {
          case 'NOT_FOUND':
            return { refusal: notFound, job: null };
          case 'STILL_ACTIVE':
            return { refusal: stillActive('it cannot be retried yet'), job: outcome.job };
          case 'TWIN_ACTIVE':
            return { refusal: twinActive, job: outcome.job };
          case 'NOT_RETRYABLE':
            return { refusal: notRetryable, job: outcome.job };
          case 'QUEUED':
            logger?.info({ jobId }, 'job to be tried again');
            return { refusal: null, job: outcome.job };
        }
      },
    );

  const remove: Requests['remove'] = (viewerId, jobId, address) =>
    act(
      jobId,
      (id) => deleteJob(pool, viewerId, id, count(address)),
      async (outcome) => {
        switch (outcome.kind) {
          case 'NOT_FOUND':
            return { refusal: notFound, job: null };
          case 'STILL_ACTIVE':
            return { refusal: stillActive('cancel it first'), job: null };
          case 'DELETED':
            if (outcome.orphan !== null) {
              await removeFiles({ jobId: outcome.orphan.id, attempt: outcome.orphan.attempt });
            }
            logger?.info({ jobId, isOrphan: outcome.orphan !== null }, 'job deleted');
            return { refusal: null, job: null };
        }
      },
    );

  return { request, cancel, retry, remove };
}

function refuse(refusal: RequestRefusal): RequestResult {
  return { refusal, job: null, outcome: null };
}

/** Postgres cannot store a NUL in a text. */
function isIdempotencyKey(key: string): boolean {
  return key.length >= 1 && key.length <= longestIdempotencyKey && !key.includes('\0');
}

function hashArguments(source: SourceIdentity, { options, mayReuse }: Mp3Request): string {
  const identity = [
    source.site,
    source.externalId,
    options.quality,
    options.embedThumbnail,
    mayReuse,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

/** What every action on one job has in common: the id that none can have, the limits, and what is left of them. */
async function act<Outcome extends object>(
  jobId: string | null,
  deed: (jobId: string) => Promise<Charged<Outcome>>,
  tell: (outcome: Charged<Outcome>) => Told | Promise<Told>,
): Promise<ActionResult> {
  if (jobId === null) return { refusal: notFound, job: null };
  const outcome = await orRefused(deed(jobId));
  if (outcome instanceof LimitReached) return { refusal: explain(outcome), job: null };
  return { ...(await tell(outcome)), pointsLeft: outcome.pointsLeft };
}

type Told = Omit<ActionResult, keyof Allowance>;
