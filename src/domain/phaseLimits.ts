// What each phase of an attempt may take. A slow site or machine is not a hanging one: they are generous.

import type { JobPhase } from './job.ts';

/**
 * In seconds. Together below the four hours after which graphile-worker would start the job a second time beside
 * itself (https://github.com/graphile/worker/issues/169).
 */
export const defaultPhaseLimits: Readonly<Record<JobPhase, number>> = {
  RESOLVING: 180,
  DOWNLOADING: 2 * 60 * 60,
  TRANSCODING: 90 * 60,
  TAGGING: 5 * 60,
  STORING: 5 * 60,
};
