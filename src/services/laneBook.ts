// The lanes as attempts meet them: a job starts only when its site's lane is open, and how the site answers opens or
// pauses it. The rules are in sql/, where the races are.

import { claimAttempt } from '../db/attempts.ts';
import type { AttemptKey } from '../db/attempts.ts';
import { openLane, refuseLane, waitInLane } from '../db/lanes.ts';
import type { Database } from '../db/pool.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import type { Job } from '../domain/job.ts';
import { firstPauseSeconds } from '../domain/lane.ts';
import type { AttemptObserver } from './attemptObserver.ts';

export type LaneBook = {
  /** Starts the next attempt; null when there is none to start now. */
  claim(jobId: string, workerId: string): Promise<Job | null>;
  /** What one attempt tells of its site. A lane may learn late, or by the next attempt: neither ever fails. */
  of(
    site: string,
    key: AttemptKey,
  ): {
    /** Heeded once. */
    served(): Promise<void>;
    refused(code: JobFailureCode): Promise<void>;
  };
};

type LaneBookOptions = {
  readonly pool: Database;
  readonly observer?: AttemptObserver;
  /** How long the lane of a site that refuses us is paused at first. */
  readonly lanePauseSeconds?: number;
  readonly onError: (error: unknown) => void;
};

export function createLaneBook({
  pool,
  observer,
  lanePauseSeconds = firstPauseSeconds,
  onError,
}: LaneBookOptions): LaneBook {
  return {
    async claim(jobId, workerId) {
      const job = await claimAttempt(pool, jobId, workerId);
      if (job !== null) return job;
      // A job whose lane is paused stays queued, unless it is the one that probes.
      const answer = await waitInLane(pool, jobId, lanePauseSeconds);
      if (answer === 'HELD' || answer === 'FAILED') observer?.held(jobId, answer);
      return answer === 'MAY_START' ? claimAttempt(pool, jobId, workerId) : null;
    },
    of(site, key) {
      let isServed = false;
      return {
        async served() {
          if (isServed) return;
          isServed = true;
          const released = await openLane(pool, site).catch(onError);
          if (typeof released === 'number') observer?.laneOpened(site, released);
        },
        async refused(code) {
          const until = await refuseLane(pool, site, key, code, lanePauseSeconds).catch(onError);
          if (until instanceof Date) observer?.lanePaused(site, code, until);
        },
      };
    },
  };
}
