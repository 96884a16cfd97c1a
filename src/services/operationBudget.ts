// What callers may spend on operations, by what those cost to answer. The buckets are in Postgres, and so hold over all
// API processes; each process takes points ahead, and spends them without a word to anybody.

import { LRUCache } from 'lru-cache';
import { takeCost } from '../db/limits.ts';
import type { Queryable } from '../db/pool.ts';
import { isLoopback } from '../domain/access.ts';
import type { Caller } from '../domain/access.ts';
import { LimitReached } from '../domain/limits.ts';
import type { Allowance, CostLimits } from '../domain/limits.ts';
import { isDatabaseUnavailable } from './unavailable.ts';

export type OperationBudget = {
  /**
   * Takes the cost of one operation, but from an admin. Answers what is left then, as far as this process knows: of
   * owner and address the one who has less; null when neither is limited, or nothing had to be taken yet. Throws
   * LimitReached when the caller has spent all. While the database is away nothing is taken: the operation says so
   * itself, or waits.
   */
  spend(
    caller: Pick<Caller, 'ownerId' | 'viewerId' | 'isNewcomer' | 'address'>,
    cost: number,
  ): Promise<Allowance | null>;
};

type OperationBudgetOptions = {
  readonly db: Queryable;
  readonly limits: CostLimits;
  /** Addresses are not kept as they are. */
  readonly pseudonymOf: (address: string) => string;
};

/**
 * `inBucket`: what was there still when more was taken last; null when nothing ever was. `taking`: more is on its way,
 * for all who wait.
 */
type Purse = {
  left: number;
  inBucket: number | null;
  refusedUntil: Date;
  taking: Promise<void> | null;
};

/** So many statements a minute does a busy caller cost, and so small a part can be lost with a process. */
const takesPerMinute = 20;
/** Buckets are full after a minute: what was taken before is as good as given back. */
const purseMs = 60_000;
const mostPurses = 10_000;

export function createOperationBudget(options: OperationBudgetOptions): OperationBudget {
  const { db, limits, pseudonymOf } = options;
  const purses = new LRUCache<string, Purse>({ max: mostPurses, ttl: purseMs });

  function purseOf(subject: string): Purse {
    const known = purses.get(subject);
    if (known !== undefined) return known;
    const purse: Purse = { left: 0, inBucket: null, refusedUntil: new Date(0), taking: null };
    purses.set(subject, purse);
    return purse;
  }

  async function take(
    purse: Purse,
    asked: { readonly subject: string; readonly perMinute: number; readonly cost: number },
  ): Promise<void> {
    const wanted = Math.ceil(asked.perMinute / takesPerMinute);
    const { granted, remaining, retryAt } = await takeCost(db, { ...asked, wanted });
    if (retryAt === null) {
      purse.left += granted;
      purse.inBucket = remaining;
    } else {
      purse.refusedUntil = retryAt;
      purse.inBucket = 0;
    }
  }

  async function spendFrom(
    subject: string,
    perMinute: number,
    cost: number,
  ): Promise<Allowance | null> {
    const purse = purseOf(subject);
    while (purse.left < cost) {
      const { refusedUntil } = purse;
      if (refusedUntil > new Date()) throw new LimitReached('RATE_LIMITED', refusedUntil);
      purse.taking ??= take(purse, { subject, perMinute, cost }).finally(() => {
        purse.taking = null;
      });
      await purse.taking;
    }
    purse.left -= cost;
    if (purse.inBucket === null) return null;
    return { perMinute, left: Math.max(0, purse.left + purse.inBucket) };
  }

  return {
    async spend({ ownerId, viewerId, isNewcomer = false, address }, cost) {
      if (viewerId === null) return null;
      const allowances: (Allowance | null)[] = [];
      const { ownerPerMinute, addressPerMinute } = limits;
      try {
        // First: who is refused takes nothing from their neighbours.
        if (ownerPerMinute !== null && !isNewcomer) {
          allowances.push(await spendFrom(`cost of owner ${ownerId}`, ownerPerMinute, cost));
        }
        // A proxy on this machine that is not trusted stands for everybody.
        if (addressPerMinute !== null && !isLoopback(address)) {
          const subject = `cost of address ${pseudonymOf(address)}`;
          allowances.push(await spendFrom(subject, addressPerMinute, cost));
        }
      } catch (error) {
        if (!isDatabaseUnavailable(error)) throw error;
      }
      const known = allowances.filter((allowance) => allowance !== null);
      const [tightest = null] = known.toSorted((one, other) => one.left - other.left);
      return tightest;
    },
  };
}
