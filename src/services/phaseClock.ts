// The time limit of each phase of one attempt. It only rings; what then happens is for its owner to do.

import { AttemptFailure } from '../domain/failure.ts';
import type { JobPhase } from '../domain/job.ts';

export type PhaseLimits = Readonly<Record<JobPhase, number>>;

export type PhaseClock = {
  /** Starts anew, with that phase's limit. */
  enter(phase: JobPhase): void;
  stop(): void;
};

type ClockOptions = {
  readonly limitSeconds: PhaseLimits;
  /** From the soft limit to the hard one: ending tools politely, then by force, takes a second. */
  readonly graceSeconds: number;
  /** The attempt is to end, with this TIMED_OUT. */
  readonly onSoftLimit: (failure: AttemptFailure) => void;
  /** It has not: something hangs where no signal reaches it, and nobody is to wait for it any longer. */
  readonly onHardLimit: (failure: AttemptFailure) => void;
};

/** Runs from now on, in the first phase. */
export function startPhaseClock(options: ClockOptions): PhaseClock {
  let soft: NodeJS.Timeout | undefined;
  let hard: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(soft);
    clearTimeout(hard);
  };
  const enter = (phase: JobPhase) => {
    stop();
    const limitSeconds = options.limitSeconds[phase];
    soft = setTimeout(() => {
      const failure = new AttemptFailure('TIMED_OUT', { phase, limitSeconds });
      hard = setTimeout(() => options.onHardLimit(failure), options.graceSeconds * 1_000);
      options.onSoftLimit(failure);
    }, limitSeconds * 1_000);
  };
  enter('RESOLVING');
  return { enter, stop };
}
