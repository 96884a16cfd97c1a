// The lanes of sites that refuse us: see sql/0003_self_care.sql, where their rules are.

import type { JobFailureCode } from '../domain/failure.ts';
import {
  lanePatience,
  longestPauseSeconds,
  longestWaitSeconds,
  probeSeconds,
} from '../domain/lane.ts';
import type { AttemptKey } from './attempts.ts';
import type { Queryable } from './pool.ts';

export type LaneAnswer = 'MAY_START' | 'HELD' | 'FAILED' | 'GONE';

/** To be asked for a queued job that could not be claimed. */
export async function waitInLane(
  db: Queryable,
  jobId: string,
  firstPauseSeconds: number,
): Promise<LaneAnswer> {
  const { rows } = await db.query<{ answer: LaneAnswer }>(
    `-- waitInLane
     select tapedeck.wait_in_lane($1, make_interval(secs => $2), make_interval(secs => $3))
       as answer`,
    // A short pause is not made longer by its probe.
    [jobId, Math.min(probeSeconds, firstPauseSeconds), longestWaitSeconds],
  );
  return rows[0]?.answer ?? 'GONE';
}

/** Counts a refusal; answers until when the lane is paused when this one paused it, else null. */
export async function refuseLane(
  db: Queryable,
  site: string,
  { jobId }: AttemptKey,
  code: JobFailureCode,
  firstPauseSeconds: number,
): Promise<Date | null> {
  const { rows } = await db.query<{ until: Date | null }>(
    `-- refuseLane
     select tapedeck.refuse_lane(
       $1, $2, $3, $4, make_interval(secs => $5), make_interval(secs => $6)) as until`,
    [site, jobId, code, lanePatience, firstPauseSeconds, longestPauseSeconds],
  );
  return rows[0]?.until ?? null;
}

/** The site has served us. Answers how many jobs waited for it; null when its lane was not paused. */
export async function openLane(db: Queryable, site: string): Promise<number | null> {
  const { rows } = await db.query<{ released: number | null }>(
    `-- openLane\nselect tapedeck.open_lane($1) as released`,
    [site],
  );
  return rows[0]?.released ?? null;
}
