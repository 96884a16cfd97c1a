// When a site refuses us again and again: what counts as a refusal, and how its lane is paused. The lane is in
// sql/0003_self_care.sql, where the races are.

import type { JobFailureCode } from './failure.ts';

/** The site's word about us, not about the video. */
const refusals: ReadonlySet<JobFailureCode> = new Set(['BOT_CHECK', 'RATE_LIMITED']);

export function isRefusal(code: JobFailureCode): boolean {
  return refusals.has(code);
}

/** What a site that refuses us would not have said: it looked at the video. */
const answers: ReadonlySet<JobFailureCode> = new Set([
  ...['UNAVAILABLE', 'PRIVATE', 'AGE_RESTRICTED', 'GEO_BLOCKED', 'MEMBERS_ONLY', 'LIVE_STREAM'],
  ...['UPCOMING', 'NO_AUDIO', 'TOO_LONG', 'TOO_LARGE'],
] as JobFailureCode[]);

/** True when a failure with this code shows that the site serves us. */
export function isAnswer(code: JobFailureCode): boolean {
  return answers.has(code);
}

/** Refusals in a row after which the lane is paused: a single one may be a hiccup. */
export const lanePatience = 3;
/** The first pause by default; each further one is twice as long as the one before. */
export const firstPauseSeconds = 5 * 60;
export const longestPauseSeconds = 60 * 60;
/** How long all others wait for what the probe learns, before another one probes. */
export const probeSeconds = 60;
/** A job that has waited for so long fails: whoever asked for it has to be told at last. */
export const longestWaitSeconds = 24 * 60 * 60;
