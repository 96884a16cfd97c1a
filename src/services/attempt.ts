// One attempt as its task sees it: what it may record, and the ways in which it is called off. Who keeps the books of
// all attempts is attempts.ts.

import type { AttemptKey } from '../db/attempts.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import type { Artifact, Job, JobPhase, SourceMetadata } from '../domain/job.ts';
import type { PhaseProgress } from './progressBoard.ts';

/** The attempt was canceled, rescued or handed over: whatever it does now is void. */
export class AttemptLost extends Error {
  constructor(cause?: unknown) {
    super('the attempt is no longer ours', { cause });
    this.name = 'AttemptLost';
  }
}

/** The worker is stopping: the attempt is to be handed back. */
export class WorkerStopping extends Error {
  constructor() {
    super('the worker is stopping');
    this.name = 'WorkerStopping';
  }
}

export type Attempt = {
  /** As claimed. */
  readonly job: Job;
  readonly key: AttemptKey;
  /** Aborts with AttemptLost, WorkerStopping, or AttemptFailure TIMED_OUT. */
  readonly signal: AbortSignal;
  /** Rejects with the TIMED_OUT when the attempt hangs where no signal reaches it: go on without its work. */
  readonly overdue: Promise<never>;
  /** Every write below throws AttemptLost when the attempt is no longer ours, and outlasts a database outage. */
  enter(phase: JobPhase): Promise<void>;
  describe(source: SourceMetadata): Promise<void>;
  /** `token` makes the address of the small picture, unless the job has one already. */
  showThumbnail(token: string): Promise<void>;
  /** From here on callers may hear what there is of the MP3. */
  openPreview(token: string): Promise<void>;
  /** Never waits and never fails: the newest report is written with the next flush. */
  report(progress: PhaseProgress): void;
  finish(artifact: Artifact): Promise<void>;
  /** Ends the attempt; answers when the next one starts, null when the job has FAILED. */
  fail(code: JobFailureCode): Promise<Date | null>;
  release(): Promise<void>;
  /** Of a lost attempt: was its job canceled? Then nothing of it is of use to anybody. */
  isJobOver(): Promise<boolean>;
};

/** Disposing takes the attempt off the books of this process. */
export type ClaimedAttempt = Attempt & Disposable;
