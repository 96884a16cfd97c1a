// How each version of yt-dlp has done, over all workers, and who may change the one in use.

import type { Queryable } from './pool.ts';

export type VersionRecord = {
  readonly version: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Null unless it is never to be used again. */
  readonly rejectedFor: string | null;
};

/** Counts a run of that version. A failure is one that a better version might not have had. */
export async function countYtdlpRun(
  db: Queryable,
  version: string,
  isSuccess: boolean,
): Promise<void> {
  await db.query(
    `-- countYtdlpRun
     insert into tapedeck.ytdlp_versions as v (version, succeeded, failed)
     values ($1, $2::integer, 1 - $2::integer)
     on conflict (version) do update
     set succeeded = v.succeeded + excluded.succeeded, failed = v.failed + excluded.failed`,
    [version, isSuccess ? 1 : 0],
  );
}

/** Null when it was never used. */
export async function findYtdlpVersion(
  db: Queryable,
  version: string,
): Promise<VersionRecord | null> {
  const { rows } = await db.query<VersionRecord>(
    `-- findYtdlpVersion
     select version, succeeded, failed, rejected_for as "rejectedFor"
     from tapedeck.ytdlp_versions where version = $1`,
    [version],
  );
  return rows[0] ?? null;
}

/** It is not to be used again. The first reason stays. */
export async function rejectYtdlpVersion(
  db: Queryable,
  version: string,
  reason: string,
): Promise<void> {
  await db.query(
    `-- rejectYtdlpVersion
     insert into tapedeck.ytdlp_versions as v (version, rejected_at, rejected_for)
     values ($1, now(), $2)
     on conflict (version) do update set rejected_at = now(), rejected_for = $2
     where v.rejected_at is null`,
    [version, reason],
  );
}

/** True when nobody else holds the lease: it is ours for so many seconds. */
export async function takeLease(db: Queryable, name: string, seconds: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `-- takeLease
     insert into tapedeck.leases as l (name, until) values ($1, now() + make_interval(secs => $2))
     on conflict (name) do update set until = excluded.until where l.until < now()`,
    [name, seconds],
  );
  return rowCount === 1;
}

export async function dropLease(db: Queryable, name: string): Promise<void> {
  await db.query(`-- dropLease\ndelete from tapedeck.leases where name = $1`, [name]);
}
