// What the record says about a version of yt-dlp: whether it may be used, and whether it has to go. How it is
// fetched and switched is in src/media/ytdlpVersions.ts.

import type { Database } from '../db/pool.ts';
import {
  countYtdlpRun,
  dropLease,
  findYtdlpVersion,
  rejectYtdlpVersion,
  takeLease,
} from '../db/ytdlpVersions.ts';
import type { JobFailureCode } from '../domain/failure.ts';

export type YtdlpRecord = {
  /** Of an attempt that ran it; a failure that no version is to blame for is not counted. */
  count(version: string, failure: JobFailureCode | null): Promise<void>;
  /** Why it must not be used; null when it may. */
  rejection(version: string): Promise<string | null>;
  reject(version: string, reason: string): Promise<void>;
  /** True when it fails so often that the one before has to come back. */
  isWorse(version: string, previous: string): Promise<boolean>;
  /** Runs `work` unless somebody else does; answers null then. */
  alone<Result>(work: () => Promise<Result>): Promise<Result | null>;
};

/** A better version might have read the site. */
const blamed: ReadonlySet<JobFailureCode> = new Set([
  ...(['EXTRACTOR_OUTDATED', 'OUTPUT_INVALID', 'INTERNAL'] as const),
]);

/** With fewer runs than that nothing is known. */
const fewestRuns = 8;
/** A change of the site makes every version fail: only much worse than the one before counts. */
const worseBy = 0.4;
const leaseSeconds = 15 * 60;

export function createYtdlpRecord(pool: Database): YtdlpRecord {
  return {
    async count(version, failure) {
      if (failure !== null && !blamed.has(failure)) return;
      await countYtdlpRun(pool, version, failure === null);
    },
    async rejection(version) {
      return (await findYtdlpVersion(pool, version))?.rejectedFor ?? null;
    },
    reject: (version, reason) => rejectYtdlpVersion(pool, version, reason),
    async isWorse(version, previous) {
      const [now, before] = [
        await findYtdlpVersion(pool, version),
        await findYtdlpVersion(pool, previous),
      ];
      if (now === null || now.succeeded + now.failed < fewestRuns) return false;
      const rateBefore =
        before === null || before.succeeded + before.failed === 0
          ? 1
          : before.succeeded / (before.succeeded + before.failed);
      return now.succeeded / (now.succeeded + now.failed) < rateBefore - worseBy;
    },
    async alone(work) {
      if (!(await takeLease(pool, 'yt-dlp', leaseSeconds))) return null;
      try {
        return await work();
      } finally {
        await dropLease(pool, 'yt-dlp');
      }
    },
  };
}
