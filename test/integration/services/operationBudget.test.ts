// What operations may cost, over several processes: each budget here is one process's, on one database.

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Queryable } from '../../../src/db/pool.ts';
import { LimitReached } from '../../../src/domain/limits.ts';
import type { CostLimits } from '../../../src/domain/limits.ts';
import { createOperationBudget } from '../../../src/services/operationBudget.ts';
import type { OperationBudget } from '../../../src/services/operationBudget.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

let statements: number;
let fault: Error | null;
beforeEach(async () => {
  await database.pool.query('delete from tapedeck.buckets');
  statements = 0;
  fault = null;
});

function newProcess(limits: Partial<CostLimits>): OperationBudget {
  const db = {
    query(...asked: Parameters<Queryable['query']>) {
      statements += 1;
      if (fault !== null) throw fault;
      return database.pool.query(...asked);
    },
  };
  return createOperationBudget({
    db,
    limits: { ownerPerMinute: null, addressPerMinute: null, ...limits },
    pseudonymOf: (address) => address,
  });
}

const caller = (ownerId: string, address = '203.0.113.7') => ({
  ...{ ownerId, viewerId: ownerId as string | null, address },
});

/** How many operations of this cost go through, up to 100. */
async function countUntilRefused(spend: (nth: number) => Promise<unknown>): Promise<number> {
  for (let nth = 0; nth < 100; nth += 1) {
    const refusal = await spend(nth).then(
      () => null,
      (error: unknown) => error,
    );
    if (refusal === null) continue;
    expect(refusal).toBeInstanceOf(LimitReached);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
    expect((refusal as LimitReached).retryAt!.getTime()).toBeGreaterThan(Date.now());
    return nth;
  }
  return 100;
}

test('what one process has spent, no other spends again', async () => {
  const newOne = () => newProcess({ ownerPerMinute: 600 });
  const processes = [newOne(), newOne()] as const;
  // The third goes 150 below zero, and ten points come in each second.
  expect(await countUntilRefused((nth) => processes[nth % 2]!.spend(caller('anna'), 250))).toBe(3);
  await expect(processes[0].spend(caller('anna'), 250)).rejects.toThrow(LimitReached);
  await processes[0].spend(caller('bert'), 250);
});

test('what is left is answered: the purse, and what the bucket held, of the one who has less', async () => {
  const budget = newProcess({ ownerPerMinute: 600, addressPerMinute: 900 });
  expect(await budget.spend(caller('anna'), 100)).toEqual({ perMinute: 600, left: 500 });
  const next = await budget.spend(caller('anna'), 10);
  expect(next?.perMinute).toBe(600);
  // Ten points come in each second.
  expect(next?.left).toBeGreaterThanOrEqual(490);
  expect(next?.left).toBeLessThan(600);
  expect(await budget.spend(caller('bert'), 500)).toMatchObject({ perMinute: 600 });
  expect(await budget.spend(caller('cleo'), 1)).toMatchObject({ perMinute: 900 });
  expect(await newProcess({}).spend(caller('anna'), 1)).toBeNull();
});

test('nothing is said of a bucket that was not looked at, nor of what another process has emptied', async () => {
  const budget = newProcess({ ownerPerMinute: 600 });
  expect(await budget.spend(caller('anna'), 0)).toBeNull();
  expect(await budget.spend(caller('anna'), 10)).toMatchObject({ left: 590 });
  await newProcess({ ownerPerMinute: 600 }).spend(caller('anna'), 600);
  await expect(budget.spend(caller('anna'), 100)).rejects.toThrow(LimitReached);
  expect(await budget.spend(caller('anna'), 1)).toMatchObject({ left: 19 });
});

test('small operations go without a statement, but for one in many', async () => {
  const budget = newProcess({ ownerPerMinute: 60_000 });
  for (let nth = 0; nth < 3_000; nth += 1) await budget.spend(caller('anna'), 1);
  expect(statements).toBe(1);
  await budget.spend(caller('anna'), 1);
  expect(statements).toBe(2);
});

test('operations that arrive together share what one statement takes', async () => {
  const budget = newProcess({ ownerPerMinute: 60_000 });
  await Promise.all(Array.from({ length: 50 }, () => budget.spend(caller('anna'), 50)));
  expect(statements).toBe(1);
  // More than one take has: each waits for the next, and nobody is refused.
  await Promise.all(Array.from({ length: 50 }, () => budget.spend(caller('anna'), 500)));
  expect(statements).toBeLessThan(15);
});

test('while the database is away nobody is refused', async () => {
  const budget = newProcess({ ownerPerMinute: 600, addressPerMinute: 600 });
  fault = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  await Promise.all(Array.from({ length: 5 }, () => budget.spend(caller('anna'), 5_000)));
  fault = new Error('a fault of ours');
  await expect(budget.spend(caller('anna'), 1)).rejects.toThrow('a fault of ours');
});

test('who is refused takes nothing from their neighbours, and newcomers are known by address alone', async () => {
  const budget = newProcess({ ownerPerMinute: 60, addressPerMinute: 10_000 });
  await countUntilRefused(() => budget.spend(caller('anna'), 600));
  for (let nth = 0; nth < 50; nth += 1) {
    await expect(budget.spend(caller('anna'), 600)).rejects.toThrow(LimitReached);
  }
  const before = statements;
  for (let nth = 0; nth < 10; nth += 1) {
    await budget.spend({ ...caller(`visitor ${nth}`), isNewcomer: true }, 600);
  }
  const { rows } = await database.pool.query<{ subject: string }>(
    `select subject from tapedeck.buckets order by 1`,
  );
  expect(rows.map(({ subject }) => subject)).toEqual([
    ...['cost of address 203.0.113.7', 'cost of owner anna'],
  ]);
  expect(statements - before).toBeGreaterThan(0);
});

test('a caller who is refused does not cost a statement again', async () => {
  const budget = newProcess({ ownerPerMinute: 60 });
  await countUntilRefused(() => budget.spend(caller('anna'), 600));
  const before = statements;
  await expect(budget.spend(caller('anna'), 600)).rejects.toThrow(LimitReached);
  expect(statements).toBe(before);
});

test('one address is counted over all the owners who come from it', async () => {
  const budget = newProcess({ addressPerMinute: 600 });
  expect(await countUntilRefused((nth) => budget.spend(caller(`visitor ${nth}`), 250))).toBe(3);
  await budget.spend(caller('somebody', '203.0.113.8'), 250);
});

test('admins are not counted, nor loopback as an address, nor anybody without limits', async () => {
  const budget = newProcess({ ownerPerMinute: 60, addressPerMinute: 60 });
  for (let nth = 0; nth < 5; nth += 1) {
    await budget.spend({ ...caller('key:1'), viewerId: null }, 600);
    await budget.spend(caller(`visitor ${nth}`, '127.0.0.1'), 600);
    await newProcess({}).spend(caller('anna'), 600);
  }
  // Five owners.
  expect(statements).toBe(5);
});
