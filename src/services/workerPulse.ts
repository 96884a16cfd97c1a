// Keeps this worker process on record as alive, and looks after what dead ones left: their attempts are given
// to others. It judges nobody until it has itself been in touch with the database for long enough.

import { isSameAttempt, releaseAttempt } from '../db/attempts.ts';
import type { AttemptKey } from '../db/attempts.ts';
import type { Database } from '../db/pool.ts';
import { readHeldAttempts } from '../db/progress.ts';
import { beatWorker, removeWorker, rescueLostAttempts } from '../db/workers.ts';
import type { Worker } from '../db/workers.ts';

/** A worker that was not seen for so long is dead: a pause of the process or the network is shorter. */
export const workerLostAfterSeconds = 6;

const beatEveryMs = 1_000;
const longestGapMs = 3 * beatEveryMs;
/** After an outage every worker looks dead for a moment: first all have to get their chance to beat. */
const trustAfterMs = (workerLostAfterSeconds + 2) * 1_000;

type PulseOptions = {
  readonly pool: Database;
  readonly worker: Worker;
  /** Is there a task in this process for the attempt? */
  readonly isRunning: (key: AttemptKey) => boolean;
  /** After each beat that the database took. */
  readonly onBeat?: () => void;
  readonly onRescue: (attempts: readonly AttemptKey[]) => void;
  readonly onError: (error: unknown) => void;
};

/** Puts the worker on record, then beats until disposed, which takes it off again. */
export async function startWorkerPulse(options: PulseOptions): Promise<AsyncDisposable> {
  const { pool, worker } = options;
  let inTouchSince: number | null = null;
  let lastBeatAt = 0;
  let strays: readonly AttemptKey[] = [];
  let beating: Promise<void> | undefined;

  async function beat(): Promise<void> {
    try {
      await beatWorker(pool, worker);
      const now = performance.now();
      // An answer that took long is an outage too: the others' beats may still be on their way.
      if (inTouchSince === null || now - lastBeatAt > longestGapMs) inTouchSince = now;
      lastBeatAt = now;
      options.onBeat?.();
      strays = await releaseStrays(options, strays);
      if (now - inTouchSince > trustAfterMs) {
        const rescued = await rescueLostAttempts(pool, workerLostAfterSeconds);
        if (rescued.length > 0) options.onRescue(rescued);
      }
    } catch (error) {
      inTouchSince = null;
      options.onError(error);
    }
  }

  await beatWorker(pool, worker);
  lastBeatAt = performance.now();
  inTouchSince = lastBeatAt;
  const timer = setInterval(() => {
    beating ??= beat().finally(() => (beating = undefined));
  }, beatEveryMs);

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beating;
      await removeWorker(pool, worker.id).catch(options.onError);
    },
  };
}

/**
 * A claim whose answer was lost on the way leaves an attempt that we hold and nobody runs. What is still so at
 * the second look is handed back; answers what was found at this one.
 */
async function releaseStrays(
  { pool, worker, isRunning }: PulseOptions,
  before: readonly AttemptKey[],
): Promise<AttemptKey[]> {
  const held = await readHeldAttempts(pool, worker.id);
  const strays = held.filter((key) => !isRunning(key));
  for (const key of strays) {
    if (before.some((known) => isSameAttempt(known, key))) await releaseAttempt(pool, key);
  }
  return strays;
}
