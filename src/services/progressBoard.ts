// Carries the progress of all running attempts to the database in bulk, and asks in the same rhythm which of
// them are still ours. Between two flushes only the newest report of each attempt is kept.

import { setInterval as every } from 'node:timers';
import type { AttemptKey } from '../db/attempts.ts';
import type { Database } from '../db/pool.ts';
import { readHeldAttempts, writeProgress } from '../db/progress.ts';
import type { AttemptProgress } from '../db/progress.ts';
import type { JobPhase } from '../domain/job.ts';
import { overallFraction } from '../domain/progress.ts';

export type PhaseProgress = {
  /** 0 to 1 within the phase; null when its length is unknown. */
  readonly fraction: number | null;
  readonly bytesDone: number | null;
  readonly bytesTotal: number | null;
  readonly bytesPerSecond: number | null;
  /** Of the whole job. */
  readonly etaSeconds: number | null;
};

export type ProgressBoard = AsyncDisposable & {
  add(key: AttemptKey, workerId: string): void;
  enter(key: AttemptKey, phase: JobPhase): void;
  report(key: AttemptKey, phase: JobPhase, progress: PhaseProgress): void;
  remove(key: AttemptKey): void;
};

type BoardOptions = {
  readonly pool: Database;
  readonly onLost: (key: AttemptKey) => void;
  readonly onError: (error: unknown) => void;
};

type Entry = {
  readonly key: AttemptKey;
  readonly workerId: string;
  newest: AttemptProgress | null;
  writtenFraction: number;
  writtenAt: number;
};

const flushEveryMs = 25;
/** How soon a cancellation is noticed. */
const checkEveryMs = 400;
/**
 * A report is written when the bar moved by a hundredth of the job, or half a second has passed: a short
 * conversion is shown in fine steps, and a long one costs two writes a second at most.
 */
const smallestStep = 0.01;
const longestSilenceMs = 500;

export function createProgressBoard({ pool, onLost, onError }: BoardOptions): ProgressBoard {
  const entries = new Map<string, Entry>();
  let flushing: Promise<void> | undefined;
  let checking: Promise<void> | undefined;

  async function flush(): Promise<void> {
    const now = performance.now();
    const due = [...entries.values()].filter((entry) => isDue(entry, now));
    if (due.length === 0) return;
    const updates = due.map((entry) => entry.newest).filter((update) => update !== null);
    for (const entry of due) {
      entry.writtenAt = now;
      entry.writtenFraction = entry.newest?.fraction ?? entry.writtenFraction;
      entry.newest = null;
    }
    await writeProgress(pool, updates);
  }

  async function check(): Promise<void> {
    const asked = [...entries.values()];
    for (const workerId of new Set(asked.map((entry) => entry.workerId))) {
      const held = new Set((await readHeldAttempts(pool, workerId)).map(toText));
      for (const { key, workerId: holder } of asked) {
        if (holder === workerId && !held.has(toText(key)) && entries.has(toText(key))) {
          onLost(key);
        }
      }
    }
  }

  // Never two at a time: a slow database gets fewer, fuller flushes.
  const flushTimer = every(() => {
    flushing ??= flush()
      .catch(onError)
      .finally(() => (flushing = undefined));
  }, flushEveryMs);
  const checkTimer = every(() => {
    checking ??= check()
      .catch(onError)
      .finally(() => (checking = undefined));
  }, checkEveryMs);

  return {
    add(key, workerId) {
      const entry = { key, workerId, newest: null, writtenFraction: 0, writtenAt: 0 };
      entries.set(toText(key), entry);
    },
    enter(key, phase) {
      const entry = entries.get(toText(key));
      if (entry === undefined) return;
      entry.newest = null;
      entry.writtenFraction = overallFraction(phase, 0);
    },
    report(key, phase, { fraction, ...rest }) {
      const entry = entries.get(toText(key));
      if (entry === undefined) return;
      const whole = Math.max(overallFraction(phase, fraction), entry.newest?.fraction ?? 0);
      entry.newest = { ...key, phase, fraction: whole, ...fitColumns(rest) };
    },
    remove(key) {
      entries.delete(toText(key));
    },
    async [Symbol.asyncDispose]() {
      clearInterval(flushTimer);
      clearInterval(checkTimer);
      await Promise.all([flushing, checking]);
    },
  };
}

function isDue({ newest, writtenFraction, writtenAt }: Entry, now: number): boolean {
  if (newest === null) return false;
  return newest.fraction - writtenFraction >= smallestStep || now - writtenAt >= longestSilenceMs;
}

/** Tools estimate: a fraction of a byte or a century to go would fail the flush, for every attempt in it. */
function fitColumns<Rest extends Omit<PhaseProgress, 'fraction'>>(rest: Rest): Rest {
  const fit = (value: number | null, most: number) =>
    value === null ? null : Math.min(Math.round(value), most);
  return {
    ...rest,
    bytesDone: fit(rest.bytesDone, Number.MAX_SAFE_INTEGER),
    bytesTotal: fit(rest.bytesTotal, Number.MAX_SAFE_INTEGER),
    etaSeconds: fit(rest.etaSeconds, 2 ** 31 - 1),
  };
}

function toText({ jobId, attempt }: AttemptKey): string {
  return `${jobId}.${attempt}`;
}
