// When a failed attempt is followed by another. graphile-worker's own backoff is fixed and without jitter
// (its exp(n) seconds), so the plan is ours and its result is stored on the job, where callers see it.

import { failures } from './failure.ts';
import { isRefusal } from './lane.ts';
import type { JobFailureCode } from './failure.ts';

/** Attempts that a request, and again each `retryJob`, may use. */
export const attemptsPerRequest = 5;

const firstDelaySeconds = 5;
const longestDelaySeconds = 15 * 60;

/** A refusing site is left alone for at least this long: asking sooner makes it worse. */
const shortestRefusalDelaySeconds = 60;

/**
 * Seconds to wait before the next attempt: doubling, capped, with ± 25 % jitter so that jobs that failed
 * together do not come back together. Null when no attempt follows: the cause is permanent, or `attempt`
 * was the last.
 */
export function retryDelaySeconds(
  code: JobFailureCode,
  attempt: number,
  maxAttempts: number,
  random: () => number = Math.random,
): number | null {
  if (!failures[code].isRetryable || attempt >= maxAttempts) return null;
  const round = (attempt - 1) % attemptsPerRequest;
  const floor = isRefusal(code) ? shortestRefusalDelaySeconds : firstDelaySeconds;
  const delay = Math.min(floor * 2 ** round, longestDelaySeconds);
  return delay * (0.75 + random() * 0.5);
}
