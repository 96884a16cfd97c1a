// What happens to attempts, for whoever counts and logs it. It decides nothing.

import type { AttemptKey } from '../db/attempts.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import type { JobPhase } from '../domain/job.ts';

/** Told what is worth counting, once it is on record. */
export type AttemptObserver = {
  /** The attempt went on to the next phase, or succeeded. */
  phaseEnded(key: AttemptKey, phase: JobPhase, seconds: number): void;
  ended(
    outcome: 'succeeded' | 'failed' | 'retried' | 'released',
    code: JobFailureCode | null,
  ): void;
  lost(): void;
  /** The job did not start: its lane is paused. FAILED when it has waited for too long. */
  held(jobId: string, answer: 'HELD' | 'FAILED'): void;
  /** The site has refused us too often: none of its jobs starts before `until`, but a probe then. */
  lanePaused(site: string, code: JobFailureCode, until: Date): void;
  /** It serves us again, and so many jobs had waited for it. */
  laneOpened(site: string, released: number): void;
};
