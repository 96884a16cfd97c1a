// What callers may read: their jobs, their history, and the queue's figures. It changes nothing.

import DataLoader from 'dataloader';
import type { HistoryOrder } from '../db/history.ts';
import { readDatabaseFigures } from '../db/databaseFigures.ts';
import type { DatabaseFigures } from '../db/databaseFigures.ts';
import {
  countJobsAhead,
  findJobByArtifactToken,
  findJobIdByThumbnailToken,
  findOwnedJobs,
} from '../db/jobs.ts';
import type { ViewerId } from '../domain/access.ts';
import { readJobEvents } from '../db/jobEvents.ts';
import type { JobEvent } from '../db/jobEvents.ts';
import type { Queryable } from '../db/pool.ts';
import { countFailures, readLivingWorkers, readQueueIntervals } from '../db/queueHistory.ts';
import type { FailureCount, LivingWorker, QueueInterval } from '../db/queueHistory.ts';
import { readQueueStats, readQueueWindow } from '../db/queueStats.ts';
import type { QueueStats, QueueWindow } from '../db/queueStats.ts';
import type { AllowedHosts } from '../domain/allowedHosts.ts';
import type { Job, JobStatus } from '../domain/job.ts';
import { parseVideoUrl } from '../domain/url.ts';
import { readHistoryPage } from './history.ts';
import type { HistoryPage, PageArguments } from './history.ts';
import { InvalidArgument } from './invalidArgument.ts';

/** As a caller says it. Null means "not asked for". */
export type HistoryCriteria = {
  readonly statuses: readonly JobStatus[] | null;
  readonly search: string | null;
  /** Any spelling of the address. */
  readonly sourceUrl: string | null;
  readonly createdAfter: Date | null;
  readonly createdBefore: Date | null;
};

export type JobQueries = {
  /** In the order of `jobIds`, at most 100; null for each that is absent or another's. Throws InvalidArgument. */
  findJobs(viewerId: ViewerId, jobIds: readonly (string | null)[]): Promise<(Job | null)[]>;
  /** Throws InvalidArgument. */
  readHistory(
    viewerId: ViewerId,
    page: PageArguments,
    criteria: HistoryCriteria,
    order: HistoryOrder,
  ): Promise<HistoryPage>;
  /** Queued jobs before this one; null when it is not queued. Many calls in one turn make one query. */
  countAhead(jobId: string): Promise<number | null>;
  readQueueStats(): Promise<QueueStats>;
  /** `minutes` is 1 to 1,440 (a day) here and below; else they throw InvalidArgument. */
  readQueueWindow(minutes: number): Promise<QueueWindow>;
  readQueueIntervals(minutes: number): Promise<QueueInterval[]>;
  countFailures(minutes: number): Promise<FailureCount[]>;
  readLivingWorkers(): Promise<LivingWorker[]>;
  readDatabaseFigures(): Promise<DatabaseFigures>;
  /** The latest 200 events of a job, oldest first. Many calls in one turn make one query. */
  readTimeline(jobId: string): Promise<readonly JobEvent[]>;
  /** The job whose MP3 has this unguessable token, EXPIRED ones included; null when there is none. */
  findArtifact(token: string): Promise<Job | null>;
  /** The id of the job whose small picture has this unguessable token; null when there is none. */
  findThumbnail(token: string): Promise<string | null>;
};

type JobQueriesOptions = {
  readonly db: Queryable;
  readonly allowedHosts: AllowedHosts;
  readonly workerLostAfterSeconds: number;
};

/** How many jobs one call may name. */
export const mostJobIds = 100;
const longestWindowMinutes = 24 * 60;
const longestTimeline = 200;
const longestSearch = 200;

export function createJobQueries(options: JobQueriesOptions): JobQueries {
  const { db, allowedHosts, workerLostAfterSeconds } = options;
  // It only batches: a cached position would be wrong a moment later.
  const positions = new DataLoader<string, number | null>(
    async (jobIds) => {
      const ahead = await countJobsAhead(db, jobIds);
      return jobIds.map((jobId) => ahead.get(jobId) ?? null);
    },
    { cache: false },
  );
  const timelines = new DataLoader<string, readonly JobEvent[]>(
    async (jobIds) => {
      const stories = await readJobEvents(db, jobIds, longestTimeline);
      return jobIds.map((jobId) => stories.get(jobId) ?? []);
    },
    { cache: false },
  );

  return {
    async findJobs(viewerId, jobIds) {
      if (jobIds.length > mostJobIds) {
        throw new InvalidArgument(`\`ids\` may hold at most ${mostJobIds} ids.`);
      }
      const wanted = jobIds.filter((jobId) => jobId !== null);
      const found = await findOwnedJobs(db, viewerId, wanted);
      const byId = new Map(found.map((job) => [job.id, job]));
      return jobIds.map((jobId) => (jobId === null ? null : (byId.get(jobId) ?? null)));
    },
    async readHistory(viewerId, page, { search, sourceUrl, ...criteria }, order) {
      if (search !== null && search.length > longestSearch) {
        throw new InvalidArgument(`\`search\` may have at most ${longestSearch} characters.`);
      }
      const filter = {
        ...criteria,
        words: search === null ? null : wordsOf(search),
        source: sourceUrl === null ? null : identify(sourceUrl, allowedHosts),
      };
      return readHistoryPage(db, viewerId, page, filter, order);
    },
    countAhead: (jobId) => positions.load(jobId),
    readQueueStats: () => readQueueStats(db, workerLostAfterSeconds),
    readQueueWindow: async (minutes) => readQueueWindow(db, checkMinutes(minutes)),
    readQueueIntervals: async (minutes) => readQueueIntervals(db, checkMinutes(minutes)),
    countFailures: async (minutes) => countFailures(db, checkMinutes(minutes)),
    readLivingWorkers: () => readLivingWorkers(db, workerLostAfterSeconds),
    readDatabaseFigures: () => readDatabaseFigures(db),
    readTimeline: (jobId) => timelines.load(jobId),
    findArtifact: (token) => findJobByArtifactToken(db, token),
    findThumbnail: (token) => findJobIdByThumbnailToken(db, token),
  };
}

function checkMinutes(minutes: number): number {
  if (minutes >= 1 && minutes <= longestWindowMinutes) return minutes;
  throw new InvalidArgument(`\`minutes\` has to be between 1 and ${longestWindowMinutes}.`);
}

/** Null when there is none: a search for nothing narrows nothing. */
function wordsOf(search: string): string[] | null {
  // Marks belong to the letter before them: many scripts write their vowels so.
  return search.normalize('NFC').match(/[\p{L}\p{N}\p{M}]+/gu);
}

/** An address that no job can have finds nothing, like any other that was never asked for. */
function identify(url: string, allowedHosts: AllowedHosts): { site: string; externalId: string } {
  const parsed = parseVideoUrl(url, allowedHosts);
  return parsed.ok ? parsed.source : { site: '', externalId: '' };
}
