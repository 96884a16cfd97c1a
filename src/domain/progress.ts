// One honest bar over the whole job: where each phase begins and ends on it. The shares are what a
// typical video costs, not a promise. The encoder runs from the first bytes of the download on, so the two
// share a stretch of the bar, half of it each; TRANSCODING is what is left to encode after the download.

import type { JobPhase } from './job.ts';

const spans: Readonly<Record<JobPhase, readonly [start: number, end: number]>> = {
  RESOLVING: [0, 0.05],
  DOWNLOADING: [0.05, 0.95],
  TRANSCODING: [0.05, 0.95],
  TAGGING: [0.95, 0.97],
  STORING: [0.97, 1],
};

/**
 * The fraction of the whole job, 0 to 1. `phaseFraction` is null when the phase's length is unknown:
 * the bar then waits at its start rather than guess.
 */
export function overallFraction(phase: JobPhase, phaseFraction: number | null): number {
  const [start, end] = spans[phase];
  const done = Math.min(Math.max(phaseFraction ?? 0, 0), 1);
  return start + (end - start) * done;
}
