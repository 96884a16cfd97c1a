// Limits on what is done to jobs that are there, and on what operations cost; those of new requests are in
// tapedeck.request_job. To be called first in the transaction: whoever locks a bucket locks it before any job.

import type { ViewerId } from '../domain/access.ts';
import { LimitReached } from '../domain/limits.ts';
import type { LimitCode } from '../domain/limits.ts';
import type { Queryable } from './pool.ts';
import { toLimitsRow } from './requests.ts';
import type { Counted } from './requests.ts';

const limits = `jsonb_populate_record(null::tapedeck.limits, $3)`;

/** What was done, by its name in `tapedeck.price`. */
export type Deed = 'CANCELED' | 'DELETED' | 'RETRIED';

/**
 * Takes the price of the deed from the caller, but for an admin. Answers the points that are left, null when nothing
 * limits them. Throws LimitReached when there are none.
 */
export async function chargeCaller(
  db: Queryable,
  viewerId: ViewerId,
  counted: Counted | null,
  deed: Deed,
): Promise<number | null> {
  if (counted === null || viewerId === null) return null;
  const { ownerPerMinute, addressPerMinute } = counted.limits;
  // Nothing to count, so nobody is to wait for anybody.
  if (ownerPerMinute === null && addressPerMinute === null) return null;
  await db.query(`-- lockBuckets\nselect tapedeck.lock_buckets(array[$1], array[$2])`, [
    viewerId,
    counted.address,
  ]);
  const { rows } = await db.query<{ retryAt: Date | null; pointsLeft: number | null }>(
    `-- chargeCaller
     select b.retry_at as "retryAt",
       case when b.retry_at is null then tapedeck.charge($1, $2, ${limits}, $4) end as "pointsLeft"
     from tapedeck.open_buckets($1, $2, ${limits}) b`,
    [viewerId, counted.address, toLimitsRow(counted), deed],
  );
  const { retryAt = null, pointsLeft = null } = rows[0] ?? {};
  if (retryAt !== null) throw new LimitReached('RATE_LIMITED', retryAt);
  return pointsLeft;
}

/** Throws LimitReached when the caller, unless an admin, may not have one more active job. */
export async function refuseOneMore(
  db: Queryable,
  viewerId: ViewerId,
  counted: Counted | null,
): Promise<void> {
  if (counted === null || viewerId === null) return;
  const { rows } = await db.query<{ code: LimitCode | null; retryAt: Date | null }>(
    `-- refuseOneMore
     select code, retry_at as "retryAt" from tapedeck.find_refusal(
       $1, $2, ${limits}, tapedeck.is_queue_full(${limits}), null, null)`,
    [viewerId, counted.address, toLimitsRow(counted)],
  );
  const { code = null, retryAt = null } = rows[0] ?? {};
  if (code !== null) throw new LimitReached(code, retryAt);
}

type Taken =
  | { readonly granted: number; readonly remaining: number; readonly retryAt: null }
  | { readonly granted: null; readonly remaining: null; readonly retryAt: Date };

/**
 * Takes points for operations out of a bucket: `wanted` of them, or what is left, but at least the `cost` of the one
 * that asks. `remaining` are in it still, fewer than none perhaps. `retryAt`: there are none before.
 */
export async function takeCost(
  db: Queryable,
  asked: {
    readonly subject: string;
    readonly perMinute: number;
    readonly cost: number;
    readonly wanted: number;
  },
): Promise<Taken> {
  const { rows } = await db.query<Taken>(
    `-- takeCost
     select granted, remaining, retry_at as "retryAt" from tapedeck.take_cost($1, $2, $3, $4)`,
    [asked.subject, asked.perMinute, asked.cost, asked.wanted],
  );
  const [taken] = rows;
  if (taken === undefined) throw new Error('tapedeck.take_cost answered no row');
  return taken;
}
