// The attempts that this worker process runs: claims them, carries their progress, notices when one was
// canceled or taken away, and records how each ends. It runs no tool and touches no file.

import {
  enterPhase,
  failAttempt,
  finishAttempt,
  isJobOver,
  isSameAttempt,
  recordPreview,
  recordSource,
  recordThumbnail,
  releaseAttempt,
  retryAttemptLater,
} from '../db/attempts.ts';
import type { AttemptKey } from '../db/attempts.ts';
import { findJobByArtifactToken } from '../db/jobs.ts';
import type { Database } from '../db/pool.ts';
import { forgetLosses } from '../db/workers.ts';
import type { Job, JobPhase } from '../domain/job.ts';
import { isAnswer, isRefusal } from '../domain/lane.ts';
import { defaultPhaseLimits } from '../domain/phaseLimits.ts';
import { overallFraction } from '../domain/progress.ts';
import { retryDelaySeconds } from '../domain/retry.ts';
import { AttemptLost, WorkerStopping } from './attempt.ts';
import type { ClaimedAttempt } from './attempt.ts';
import type { AttemptObserver } from './attemptObserver.ts';
import { createLaneBook } from './laneBook.ts';
import { outlastOutage } from './outlastOutage.ts';
import { startPhaseClock } from './phaseClock.ts';
import type { PhaseLimits } from './phaseClock.ts';
import { createProgressBoard } from './progressBoard.ts';

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
  const lanes = createLaneBook(options);
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

  async function claim(jobId: string, workerId: string): Promise<ClaimedAttempt | null> {
    // Thrown, not returned: the queue job has to stay for whoever takes it next.
    if (stoppedAt !== null) throw new WorkerStopping();
    // Waited for like every write: given up, the queue job would stay locked by a worker that lives. When the answer was
    // lost, the next try finds nothing to claim, and the pulse hands back what nobody runs.
    const job = await outlastOutage(
      () => lanes.claim(jobId, workerId),
      onError,
      () => stoppedAt,
    );
    if (job === null) return null;
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

    const overdue = Promise.withResolvers<never>();
    // Whoever waits for the attempt waits for it; nobody does once that has ended.
    overdue.promise.catch(() => {});
    const clock = startPhaseClock({
      limitSeconds: options.phaseLimits ?? defaultPhaseLimits,
      graceSeconds: options.hardLimitSeconds ?? 10,
      onSoftLimit: (failure) => abort.abort(failure),
      onHardLimit: overdue.reject,
    });
    const lane = lanes.of(job.source.site, key);
    // An attempt that starts from a kept source has asked no site.
    let isDownloading = false;

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
      overdue: overdue.promise,
      async enter(next) {
        // What hung and moves again, long after its time, is not to start the clock once more.
        abort.signal.throwIfAborted();
        endPhase();
        entry.phase = next;
        entry.movedAt = performance.now();
        clock.enter(next);
        board.enter(key, next);
        await write(() => enterPhase(pool, key, next, overallFraction(next, 0)));
        if (next === 'DOWNLOADING') isDownloading = true;
        else if (isDownloading) await lane.served();
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
        if (isDownloading) await lane.served();
        await forgetLosses(pool, job.source).catch(onError);
      },
      async fail(code) {
        clock.stop();
        board.remove(key);
        if (isRefusal(code)) await lane.refused(code);
        if (isAnswer(code)) await lane.served();
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
      isJobOver: () => isJobOver(pool, jobId),
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
      const [giveUpAt, decideAt] = [stoppedAt + graceMs, stoppedAt + undecidedMs];
      const winnow = () => {
        const now = performance.now();
        for (const entry of running) {
          const isUndecided = entry.endsAt === Infinity && now < decideAt;
          if (isUndecided || (now < giveUpAt && endsBy(giveUpAt, entry, now))) continue;
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

/** What has just begun has no estimate yet; asking its site again elsewhere would take as long as to wait for one. */
const undecidedMs = 3_000;

/** Older estimates are not believed: tools report many times a second, but for an encoder that starts on a busy machine. */
const stillMs = 4_000;

function endsBy(deadline: number, { phase, movedAt, endsAt }: Entry, now: number): boolean {
  if (phase === 'TAGGING' || phase === 'STORING') return true;
  return endsAt < deadline && now - movedAt < stillMs;
}
