// Keeps this worker process on record as alive, and looks after what dead ones left: their attempts are given
// to others. It judges nobody until it has itself been in touch with the database for long enough.

import { isSameAttempt, releaseAttempt } from '../db/attempts.ts';
import type { AttemptKey } from '../db/attempts.ts';
import type { Database } from '../db/pool.ts';
import { readHeldAttempts } from '../db/progress.ts';
import { beatWorker, removeWorker, rescueLostAttempts } from '../db/workers.ts';
import type { LostAttempt, Worker } from '../db/workers.ts';

/**
 * A worker that was not seen for so long is dead: a pause of the process or the network is shorter. Half of the
 * rescues come within this, and all within two beats more.
 */
export const workerLostAfterSeconds = 5;

const beatEveryMs = 1_000;
/** One beat may be lost on the way, and the next still comes in time. */
export const beatTimeoutMs = 2_000;
const longestGapMs = 3 * beatEveryMs;
/** After an outage every worker looks dead for a moment: first all have to get their chance to beat. */
const trustAfterMs = (workerLostAfterSeconds + 2) * 1_000;
/**
 * Conversions outlive an outage of the database of this length. Behind a longer one there may be a database that only
 * we cannot reach, and others who do our work again: nothing is worth going on.
 */
const usualCutOffMs = 60_000;

type PulseOptions = {
  readonly pool: Database;
  /** For the beats alone: one that waits behind other statements would declare this worker dead. */
  readonly beatPool: Database;
  readonly worker: Worker;
  /** Is there a task in this process for the attempt? */
  readonly isRunning: (key: AttemptKey) => boolean;
  /** After each beat that the database took; told for how long it has taken all of them. */
  readonly onBeat?: (inTouchMs: number) => void;
  readonly onRescue: (attempts: readonly LostAttempt[]) => void;
  /** Once in an outage: the database has been out of reach for so long that whatever runs here is to end. */
  readonly onCutOff: () => void;
  /** Tests shorten it. */
  readonly cutOffAfterMs?: number;
  readonly onError: (error: unknown) => void;
};

/** Puts the worker on record, then beats until disposed, which takes it off again. */
export async function startWorkerPulse(options: PulseOptions): Promise<AsyncDisposable> {
  const { pool, beatPool, worker, cutOffAfterMs = usualCutOffMs } = options;
  let inTouchSince: number | null = null;
  let lastBeatAt = 0;
  let isCutOff = false;
  let strays: readonly AttemptKey[] = [];
  let beating: Promise<void> | undefined;
  let lookingAfter: Promise<void> | undefined;

  async function beat(): Promise<void> {
    await beatWorker(beatPool, worker);
    const now = performance.now();
    // An answer that took long is an outage too: the others' beats may still be on their way.
    if (inTouchSince === null || now - lastBeatAt > longestGapMs) inTouchSince = now;
    lastBeatAt = now;
    isCutOff = false;
    options.onBeat?.(now - inTouchSince);
    // Not awaited: whatever holds it up, the next beat has to come in time.
    lookingAfter ??= lookAfter()
      .catch(onFailure)
      .finally(() => (lookingAfter = undefined));
  }

  async function lookAfter(): Promise<void> {
    strays = await releaseStrays(options, strays);
    if (inTouchSince === null || performance.now() - inTouchSince < trustAfterMs) return;
    const rescued = await rescueLostAttempts(pool, workerLostAfterSeconds);
    if (rescued.length > 0) options.onRescue(rescued);
  }

  function onFailure(error: unknown): void {
    inTouchSince = null;
    options.onError(error);
    if (isCutOff || performance.now() - lastBeatAt < cutOffAfterMs) return;
    isCutOff = true;
    options.onCutOff();
  }

  await beatWorker(beatPool, worker);
  lastBeatAt = performance.now();
  inTouchSince = lastBeatAt;
  const timer = setInterval(() => {
    beating ??= beat()
      .catch(onFailure)
      .finally(() => (beating = undefined));
  }, beatEveryMs);

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beating;
      await lookingAfter;
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
