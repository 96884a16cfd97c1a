// Progress of all the attempts that one worker process runs, in bulk. It is fenced like every write of an
// attempt, but may be lost without harm: the next one says more.

import type { JobPhase } from '../domain/job.ts';
import type { AttemptKey } from './attempts.ts';
import type { Queryable } from './pool.ts';

export type AttemptProgress = AttemptKey & {
  readonly phase: JobPhase;
  /** 0 to 1 over the whole job. */
  readonly fraction: number;
  readonly bytesDone: number | null;
  readonly bytesTotal: number | null;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
};

/** Stays below the 8,000 bytes that a NOTIFY payload may have: 200 ids of 36 characters. */
const idsPerNotification = 200;

/**
 * Writes the newest progress of each attempt that is still held, then tells the listeners. The two are
 * separate on purpose: a transaction that writes and notifies holds a server-wide lock while it is flushed.
 */
export async function writeProgress(
  db: Queryable,
  updates: readonly AttemptProgress[],
): Promise<void> {
  const { rows } = await db.query<{ id: string }>(
    `-- writeProgress
     update tapedeck.jobs j
     set version = j.version + 1, updated_at = now(), progress_at = now(),
         fraction = greatest(j.fraction, p.fraction), bytes_done = p.bytes_done,
         bytes_total = p.bytes_total, bytes_per_second = p.bytes_per_second,
         eta_seconds = p.eta_seconds
     from unnest($1::uuid[], $2::integer[], $3::text[], $4::real[], $5::bigint[], $6::bigint[],
                 $7::real[], $8::integer[])
       as p(job_id, attempt, phase, fraction, bytes_done, bytes_total, bytes_per_second, eta_seconds)
     where j.id = p.job_id and j.attempt = p.attempt and j.status = 'RUNNING' and j.phase = p.phase
     returning j.id`,
    [
      updates.map((update) => update.jobId),
      updates.map((update) => update.attempt),
      updates.map((update) => update.phase),
      updates.map((update) => update.fraction),
      updates.map((update) => update.bytesDone),
      updates.map((update) => update.bytesTotal),
      updates.map((update) => update.bytesPerSecond),
      updates.map((update) => update.etaSeconds),
    ],
  );
  for (let first = 0; first < rows.length; first += idsPerNotification) {
    const ids = rows.slice(first, first + idsPerNotification).map(({ id }) => id);
    await db.query(`-- announceProgress\nselect pg_notify('tapedeck_jobs', $1)`, [ids.join(',')]);
  }
}

/** The attempts that the worker still holds. What it runs beyond them was canceled or taken away. */
export async function readHeldAttempts(db: Queryable, workerId: string): Promise<AttemptKey[]> {
  const { rows } = await db.query<AttemptKey>(
    `-- readHeldAttempts
     select id as "jobId", attempt from tapedeck.jobs where worker_id = $1 and status = 'RUNNING'`,
    [workerId],
  );
  return rows;
}
