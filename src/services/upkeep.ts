// Keeping house: expiry, the store's quota, and what crashes left behind. Each is safe to run at any time, in
// any number of processes; the schedule is in src/tasks.

import type { AttemptKey } from '../db/attempts.ts';
import type { Database } from '../db/pool.ts';
import {
  deleteLeftoverRows,
  enqueueForgottenJobs,
  expireDueArtifacts,
  expireOverQuota,
  readFilesInUse,
  readKnownJobs,
  readSourcesInUse,
} from '../db/upkeep.ts';
import type { AttemptFile } from '../db/upkeep.ts';
import type { LeftoverFile, Storage } from '../storage.ts';
import type { SourceKey } from '../storage/keptSources.ts';
import type { Thumbnails } from '../thumbnails.ts';

export type Upkeep = {
  /** Removes MP3s whose time has come and those beyond the quota, oldest first; answers how many. */
  expireArtifacts(): Promise<{ due: number; overQuota: number }>;
  /** Puts right what crashes left: forgotten jobs, files without a job, rows without a use. */
  sweepLeftovers(): Promise<{ forgottenJobs: number; files: number }>;
  /** Removes kept sources that no job will ask for, and the oldest beyond their cap; answers how many. */
  trimSources(): Promise<number>;
};

type UpkeepOptions = {
  readonly pool: Database;
  readonly storage: Storage;
  readonly thumbnails: Thumbnails;
  /** Null is no quota. */
  readonly storeQuotaBytes: number | null;
  readonly sourceCacheBytes: number;
  /** For the story of each job. */
  readonly onExpired?: (attempt: AttemptKey) => void;
  readonly onForgotten?: (jobId: string) => void;
};

const expiredPerStatement = 500;
/** An MP3 is in the store for a moment before its row says so: nothing this young is a leftover. */
const leftoverAfterMs = 10 * 60 * 1_000;
/** A site may have changed the video since; and a job that waits longer has waited for the site, not for us. */
const sourceKeptMs = 24 * 60 * 60 * 1_000;

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { pool, storage, thumbnails, storeQuotaBytes, sourceCacheBytes } = options;
  async function removeAll(attempts: readonly AttemptKey[]): Promise<number> {
    for (const attempt of attempts) {
      await storage.removeArtifact(attempt);
      options.onExpired?.(attempt);
    }
    return attempts.length;
  }

  async function expireDue(): Promise<number> {
    let total = 0;
    for (;;) {
      const expired = await removeAll(await expireDueArtifacts(pool, expiredPerStatement));
      total += expired;
      if (expired < expiredPerStatement) return total;
    }
  }

  async function sweepThumbnails(): Promise<number> {
    const old = (await thumbnails.list()).filter(isOld);
    const known = new Set(
      await readKnownJobs(
        pool,
        old.map(({ jobId }) => jobId),
      ),
    );
    const leftovers = old.filter(({ jobId }) => !known.has(jobId));
    for (const { jobId } of leftovers) await thumbnails.remove(jobId);
    return leftovers.length;
  }

  return {
    async expireArtifacts() {
      const due = await expireDue();
      const overQuota =
        storeQuotaBytes === null
          ? 0
          : await removeAll(await expireOverQuota(pool, storeQuotaBytes));
      return { due, overQuota };
    },
    async sweepLeftovers() {
      const forgotten = await enqueueForgottenJobs(pool);
      for (const jobId of forgotten) options.onForgotten?.(jobId);
      await deleteLeftoverRows(pool);
      const old = (await storage.listFiles()).filter(isOld);
      const inUse = new Set((await readFilesInUse(pool, old)).map(toText));
      const leftovers = old.filter((file) => !inUse.has(toText(file)));
      for (const file of leftovers) await storage.removeFile(file);
      const pictures = await sweepThumbnails();
      return { forgottenJobs: forgotten.length, files: leftovers.length + pictures };
    },
    async trimSources() {
      const kept = await storage.sources.list();
      const settled = kept.filter(({ keptAt }) => ageMs(keptAt) > leftoverAfterMs);
      const wanted = new Set((await readSourcesInUse(pool, settled)).map(toName));
      let bytes = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      let removed = 0;
      for (const source of kept) {
        const isUnwanted = settled.includes(source) && !wanted.has(toName(source));
        const isAged = ageMs(source.keptAt) > sourceKeptMs;
        if (!isUnwanted && !isAged && bytes <= sourceCacheBytes) continue;
        await storage.sources.remove(source);
        bytes -= source.sizeBytes;
        removed += 1;
      }
      return removed;
    },
  };
}

function isOld({ modifiedAt }: Pick<LeftoverFile, 'modifiedAt'>): boolean {
  return ageMs(modifiedAt) > leftoverAfterMs;
}

function ageMs(since: Date): number {
  return Date.now() - since.getTime();
}

function toName({ site, externalId }: SourceKey): string {
  return `${site} ${externalId}`;
}

function toText({ jobId, attempt, isPublished }: AttemptFile): string {
  return `${jobId}.${attempt}.${isPublished}`;
}
