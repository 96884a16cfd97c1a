// The attempts that this worker process runs: claims them, carries their progress, notices when one was
// canceled or taken away, and records how each ends. It runs no tool and touches no file.

import { setTimeout as delay } from 'node:timers/promises';
import {
  claimAttempt,
  enterPhase,
  failAttempt,
  finishAttempt,
  isSameAttempt,
  recordPreview,
  recordSource,
  recordThumbnail,
  releaseAttempt,
  retryAttemptLater,
} from '../db/attempts.ts';
import type { AttemptKey } from '../db/attempts.ts';
import { findJobByArtifactToken } from '../db/jobs.ts';
import { openLane, refuseLane, waitInLane } from '../db/lanes.ts';
import type { Database } from '../db/pool.ts';
import { forgetLosses } from '../db/workers.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import type { Artifact, Job, JobPhase, SourceMetadata } from '../domain/job.ts';
import { firstPauseSeconds, isAnswer, isRefusal } from '../domain/lane.ts';
import { defaultPhaseLimits } from '../domain/phaseLimits.ts';
import { overallFraction } from '../domain/progress.ts';
import { retryDelaySeconds } from '../domain/retry.ts';
import { startPhaseClock } from './phaseClock.ts';
import type { PhaseLimits } from './phaseClock.ts';
import { createProgressBoard } from './progressBoard.ts';
import { isDatabaseUnavailable } from './unavailable.ts';
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
};

export type Attempts = AsyncDisposable & {
  /** Starts an attempt for the task to run to its end; null when there is nothing to do. */
  claim(jobId: string, workerId: string): Promise<ClaimedAttempt | null>;
  /**
   * No attempt is started any more. Those that end within seconds may; the others are aborted with WorkerStopping,
   * and each task hands its own back.
   */
  stop(): void;
  /** Aborts all with AttemptLost: others have them by now, or will be given them back. */
  abandon(): void;
  isRunning(key: AttemptKey): boolean;
  /** How many this process runs. */
  count(): number;
};

/** Disposing takes the attempt off the books of this process. */
export type ClaimedAttempt = Attempt & Disposable;

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

type AttemptsOptions = {
  readonly pool: Database;
  readonly observer?: AttemptObserver;
  /** Null keeps files for ever. */
  readonly retentionHours: number | null;
  /** What each phase may take, in seconds; beyond it the attempt ends as TIMED_OUT. */
  readonly phaseLimits?: PhaseLimits;
  /** From that limit until the job is given up even though its task still hangs. */
  readonly hardLimitSeconds?: number;
  /** How long the lane of a site that refuses us is paused at first. */
  readonly lanePauseSeconds?: number;
  readonly onError: (error: unknown) => void;
};

export function createAttempts(options: AttemptsOptions): Attempts {
  const { pool, observer, retentionHours, onError } = options;
  const { lanePauseSeconds = firstPauseSeconds } = options;
  let stoppedAt: number | null = null;
  // A rescued job may come back to this process while its lost attempt has not noticed yet: both are here then.
  const running = new Set<Entry>();
  let winnowing: NodeJS.Timeout | undefined;
  const find = (key: AttemptKey) => [...running].find((entry) => isSameAttempt(entry.key, key));
  const board = createProgressBoard({
    pool,
    onError,
    onLost: (key) => find(key)?.abort.abort(new AttemptLost()),
  });

  /** A job whose lane is paused stays queued, unless it is the one that probes. */
  async function claimInLane(jobId: string, workerId: string): Promise<Job | null> {
    const job = await claimAttempt(pool, jobId, workerId);
    if (job !== null) return job;
    const answer = await waitInLane(pool, jobId, lanePauseSeconds);
    if (answer === 'HELD' || answer === 'FAILED') observer?.held(jobId, answer);
    return answer === 'MAY_START' ? claimAttempt(pool, jobId, workerId) : null;
  }

  async function claim(jobId: string, workerId: string): Promise<ClaimedAttempt | null> {
    // Thrown, not returned: the queue job has to stay for whoever takes it next.
    if (stoppedAt !== null) throw new WorkerStopping();
    const job = await claimInLane(jobId, workerId);
    if (job === null) return null;
    const { site } = job.source;
    const key: AttemptKey = { jobId, attempt: job.attempt };
    const abort = new AbortController();
    const entry: Entry = { key, abort, phase: 'RESOLVING', movedAt: 0, endsAt: Infinity };
    running.add(entry);
    board.add(key, workerId);
    // The stop came while the claim was under way.
    if (stoppedAt !== null) abort.abort(new WorkerStopping());
    let enteredAt = performance.now();
    const endPhase = () => {
      const now = performance.now();
      observer?.phaseEnded(key, entry.phase, (now - enteredAt) / 1_000);
      enteredAt = now;
    };

    const clock = startPhaseClock({
      limitSeconds: options.phaseLimits ?? defaultPhaseLimits,
      graceSeconds: options.hardLimitSeconds ?? 10,
      onSoftLimit: (failure) => abort.abort(failure),
      onHardLimit: (failure) => void attempt.fail(failure.code).catch(onError),
    });
    let isServed = false;
    // An attempt that starts from a kept source has asked no site.
    let isDownloading = false;
    // A lane may learn late, or by the next attempt: it fails nothing.
    const tellServed = async () => {
      if (isServed) return;
      isServed = true;
      const released = await openLane(pool, site).catch(onError);
      if (typeof released === 'number') observer?.laneOpened(site, released);
    };
    const tellRefused = async (code: JobFailureCode) => {
      const until = await refuseLane(pool, site, key, code, lanePauseSeconds).catch(onError);
      if (until instanceof Date) observer?.lanePaused(site, code, until);
    };

    const write = async (attemptWrite: () => Promise<Job | null>): Promise<Job> => {
      const written = await outlastOutage(attemptWrite, onError, () => stoppedAt);
      if (written !== null) return written;
      const lost = new AttemptLost();
      abort.abort(lost);
      throw lost;
    };

    const attempt: ClaimedAttempt = {
      job,
      key,
      signal: abort.signal,
      async enter(next) {
        endPhase();
        entry.phase = next;
        entry.movedAt = performance.now();
        clock.enter(next);
        board.enter(key, next);
        await write(() => enterPhase(pool, key, next, overallFraction(next, 0)));
        if (next === 'DOWNLOADING') isDownloading = true;
        else if (isDownloading) await tellServed();
      },
      async describe(source) {
        await write(() => recordSource(pool, key, source));
      },
      async showThumbnail(token) {
        await write(() => recordThumbnail(pool, key, token));
      },
      async openPreview(token) {
        await write(() => recordPreview(pool, key, token));
      },
      report(progress) {
        entry.movedAt = performance.now();
        entry.endsAt = entry.movedAt + (progress.etaSeconds ?? Infinity) * 1_000;
        board.report(key, entry.phase, progress);
      },
      async finish(artifact) {
        clock.stop();
        board.remove(key);
        await write(
          async () =>
            (await finishAttempt(pool, key, artifact, retentionHours)) ??
            // The connection may have broken after the commit: then it is our own token that is there.
            (await findJobByArtifactToken(pool, artifact.token)),
        );
        endPhase();
        observer?.ended('succeeded', null);
        if (isDownloading) await tellServed();
        await forgetLosses(pool, job.source).catch(onError);
      },
      async fail(code) {
        clock.stop();
        board.remove(key);
        if (isRefusal(code)) await tellRefused(code);
        if (isAnswer(code)) await tellServed();
        const delaySeconds = retryDelaySeconds(code, job.attempt, job.maxAttempts);
        if (delaySeconds === null) {
          await write(() => failAttempt(pool, key, code));
          observer?.ended('failed', code);
          return null;
        }
        const { runAt } = await write(() => retryAttemptLater(pool, key, code, delaySeconds));
        observer?.ended('retried', code);
        return runAt;
      },
      async release() {
        clock.stop();
        board.remove(key);
        await write(() => releaseAttempt(pool, key));
        observer?.ended('released', null);
      },
      [Symbol.dispose]() {
        clock.stop();
        board.remove(key);
        running.delete(entry);
        if (abort.signal.reason instanceof AttemptLost) observer?.lost();
      },
    };
    return attempt;
  }

  return {
    claim,
    stop() {
      stoppedAt ??= performance.now();
      const giveUpAt = stoppedAt + graceMs;
      const winnow = () => {
        const now = performance.now();
        for (const entry of running) {
          if (now < giveUpAt && endsBy(giveUpAt, entry, now)) continue;
          entry.abort.abort(new WorkerStopping());
        }
      };
      winnow();
      winnowing ??= setInterval(winnow, 250);
    },
    abandon() {
      for (const { abort } of running) abort.abort(new AttemptLost());
    },
    isRunning: (key) => find(key) !== undefined,
    count: () => running.size,
    async [Symbol.asyncDispose]() {
      clearInterval(winnowing);
      await board[Symbol.asyncDispose]();
    },
  };
}

/** What this process runs. */
type Entry = {
  readonly key: AttemptKey;
  readonly abort: AbortController;
  phase: JobPhase;
  /** On the clock of `performance`: the last report, and the end by the newest estimate. */
  movedAt: number;
  endsAt: number;
};

/** What a stopping worker gives to work that is nearly done. It leaves time for the rest to be handed back. */
const graceMs = 8_000;

/** Tools report many times a second: an estimate this old is of a tool that stands still. */
const stillMs = 1_000;

function endsBy(deadline: number, { phase, movedAt, endsAt }: Entry, now: number): boolean {
  if (phase === 'TAGGING' || phase === 'STORING') return true;
  return endsAt < deadline && now - movedAt < stillMs;
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** Classes of SQLSTATE that pass: transaction rollback, object in use; and a standby that is not yet primary. */
const passingCodes = /^(40|55)|^25006$/;

/** A process that is to stop does not wait for the database for ever: others rescue what it held. */
const patienceWhenStoppedMs = 14_000;

/**
 * Repeats a guarded write until the database answers. graphile-worker counts on a task that returns having
 * written its end: giving up here would lose the job's state with the outage.
 */
async function outlastOutage<Result>(
  write: () => Promise<Result>,
  onError: (error: unknown) => void,
  whenStopped: () => number | null,
): Promise<Result> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await write();
    } catch (error) {
      // What another try cannot mend is our own mistake.
      const { code = '' } = error as { code?: string };
      if (!isDatabaseUnavailable(error) && !passingCodes.test(code)) throw error;
      onError(error);
      const stoppedAt = whenStopped();
      if (stoppedAt !== null && performance.now() - stoppedAt > patienceWhenStoppedMs) throw error;
      await delay(pauseMs);
    }
  }
}
