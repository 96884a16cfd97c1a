// What callers may spend on operations, by what those cost to answer. The buckets are in Postgres, and so hold over all
// API processes; each process takes points ahead, and spends them without a word to anybody.

import { LRUCache } from 'lru-cache';
import { takeCost } from '../db/limits.ts';
import type { Queryable } from '../db/pool.ts';
import { isLoopback } from '../domain/access.ts';
import type { Caller } from '../domain/access.ts';
import { LimitReached } from '../domain/limits.ts';
import type { CostLimits } from '../domain/limits.ts';

export type OperationBudget = {
  /** Takes the cost of one operation, but from an admin. Throws LimitReached when the caller has spent all. */
  spend(caller: Pick<Caller, 'ownerId' | 'viewerId' | 'address'>, cost: number): Promise<void>;
};

type OperationBudgetOptions = {
  readonly db: Queryable;
  readonly limits: CostLimits;
  /** Addresses are not kept as they are. */
  readonly pseudonymOf: (address: string) => string;
};

type Purse = { left: number; refusedUntil: Date };

/** So many statements a minute does a busy caller cost, and so small a part can be lost with a process. */
const takesPerMinute = 20;
/** Buckets are full after a minute: what was taken before is as good as given back. */
const purseMs = 60_000;
const mostPurses = 10_000;

export function createOperationBudget(options: OperationBudgetOptions): OperationBudget {
  const { db, limits, pseudonymOf } = options;
  const purses = new LRUCache<string, Purse>({ max: mostPurses, ttl: purseMs });

  async function spendFrom(subject: string, perMinute: number, cost: number): Promise<void> {
    const purse = purses.get(subject) ?? { left: 0, refusedUntil: new Date(0) };
    if (purse.left < cost) {
      if (purse.refusedUntil > new Date()) {
        throw new LimitReached('RATE_LIMITED', purse.refusedUntil);
      }
      const wanted = Math.ceil(perMinute / takesPerMinute);
      const { granted, retryAt } = await takeCost(db, { subject, perMinute, cost, wanted });
      if (retryAt !== null) purse.refusedUntil = retryAt;
      else purse.left += granted;
      purses.set(subject, purse);
      if (retryAt !== null) throw new LimitReached('RATE_LIMITED', retryAt);
    }
    purse.left -= cost;
  }

  return {
    async spend({ ownerId, viewerId, address }, cost) {
      if (viewerId === null) return;
      const { ownerPerMinute, addressPerMinute } = limits;
      // A proxy on this machine that is not trusted stands for everybody.
      if (addressPerMinute !== null && !isLoopback(address)) {
        await spendFrom(`cost of address ${pseudonymOf(address)}`, addressPerMinute, cost);
      }
      if (ownerPerMinute !== null) {
        await spendFrom(`cost of owner ${ownerId}`, ownerPerMinute, cost);
      }
    },
  };
}
