// Commits together what arrives together: while a batch is under way, requests gather for the next. Nobody waits for
// company, so a request that comes alone is sent at once. It knows no rule of a request.

import type { Database } from '../db/pool.ts';
import { requestJob, requestJobs } from '../db/requests.ts';
import type { AcceptedRequest, JobRequest } from '../db/requests.ts';
import { LimitReached } from '../domain/limits.ts';
import { isDatabaseUnavailable } from './unavailable.ts';

/** Commits one request, in company or not. Rejects with the fault of this request, never of another. */
export type CommitRequest = (request: JobRequest) => Promise<AcceptedRequest>;

type Waiting = {
  readonly request: JobRequest;
  readonly resolve: (accepted: AcceptedRequest) => void;
  readonly reject: (error: unknown) => void;
};

/** Bounds how long a transaction holds its locks; far more than gather at any load that we can carry. */
const largestBatch = 100;

export function createRequestBatches(pool: Database): CommitRequest {
  let gathering: Waiting[] = [];
  // Two at once would each be half as large, and in each other's way: a request's p99 was a sixth longer.
  let isCommitting = false;

  async function commitAll(): Promise<void> {
    while (gathering.length > 0) {
      const batch = gathering.slice(0, largestBatch);
      gathering = gathering.slice(largestBatch);
      try {
        const accepted = await requestJobs(
          pool,
          batch.map(({ request }) => request),
        );
        batch.forEach(({ resolve, reject }, place) => {
          const answer = accepted[place] ?? null;
          if (answer instanceof LimitReached) reject(answer);
          else resolve(answer);
        });
      } catch (error) {
        await settleApart(batch, error);
      }
    }
    isCommitting = false;
  }

  /** Nothing of the batch was written. One of them is at fault, and the others are not to suffer from it. */
  async function settleApart(batch: readonly Waiting[], error: unknown): Promise<void> {
    // Without an answer nobody knows whether it was committed: that is for the callers to ask again.
    let reason = batch.length > 1 && !isDatabaseUnavailable(error) ? null : { error };
    for (const { request, resolve, reject } of batch) {
      if (reason !== null) {
        reject(reason.error);
        continue;
      }
      try {
        resolve(await requestJob(pool, request));
      } catch (fault) {
        // All others would wait for the same time-out, one after another.
        if (isDatabaseUnavailable(fault)) reason = { error: fault };
        reject(fault);
      }
    }
  }

  return (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<AcceptedRequest>();
    gathering.push({ request, resolve, reject });
    if (!isCommitting) {
      isCommitting = true;
      // What the same turn of the event loop has read from other sockets goes along.
      setImmediate(() => void commitAll());
    }
    return promise;
  };
}
