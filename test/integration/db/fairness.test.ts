// Whose job is next, told by graphile-worker itself: one slot, many owners, and the order in which they are
// served. What callers see as their place has to be that order.

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Logger, run } from 'graphile-worker';
import { claimAttempt, finishAttempt, retryAttemptLater } from '../../../src/db/attempts.ts';
import { countJobsAhead } from '../../../src/db/jobs.ts';
import type { Database } from '../../../src/db/pool.ts';
import { requestJob } from '../../../src/db/requests.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { keyOf, newArtifact, newRequest, removeAllJobs } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => database[Symbol.asyncDispose]());
beforeEach(() => removeAllJobs(pool));

/** By the names that the test gives them. */
const names = new Map<string, string>();

async function ask(ownerId: string, name: string): Promise<string> {
  const source = { site: 'test', externalId: name, canonicalUrl: `https://test/${name}` };
  const accepted = await requestJob(pool, { ...newRequest({ source }), ownerId });
  names.set(accepted!.job.id, name);
  return accepted!.job.id;
}

async function askAll(ownerId: string, count: number): Promise<string[]> {
  const asked: string[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    asked.push(`${ownerId}${nth}`);
    await ask(ownerId, `${ownerId}${nth}`);
  }
  return asked;
}

type During = (served: readonly string[]) => Promise<void> | void;

/** Runs everything that is queued in one slot; `during` is called while each job runs. */
async function serve(during: During = () => {}): Promise<string[]> {
  const served: string[] = [];
  const done = Promise.withResolvers<void>();
  const runner = await run({
    pgPool: pool,
    concurrency: 1,
    pollInterval: 50,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    taskList: {
      async convert(payload) {
        const { jobId } = payload as { jobId: string };
        const job = await claimAttempt(pool, jobId, 'worker');
        if (job === null) return;
        served.push(names.get(jobId) ?? jobId);
        await during(served);
        await finishAttempt(pool, keyOf(job), newArtifact(), 24);
        const { rows } = await pool.query(`select from tapedeck.jobs where status = 'QUEUED'`);
        if (rows.length === 0) done.resolve();
      },
    },
  });
  await done.promise;
  await runner.stop();
  return served;
}

async function seenOrder(): Promise<(string | undefined)[]> {
  const ahead = await countJobsAhead(pool, [...names.keys()]);
  return [...ahead]
    .toSorted(([, left], [, right]) => left - right)
    .map(([jobId]) => names.get(jobId));
}

test('one owner is served in the order of asking', async () => {
  const asked = await askAll('a', 20);
  expect(await serve()).toEqual(asked);
});

test('somebody’s single song waits for one song of a playlist of 500, not for 499', async () => {
  await askAll('a', 500);
  const first = await pool.query<{ id: string }>(
    `select id from tapedeck.jobs where status = 'QUEUED' order by place limit 1`,
  );
  await claimAttempt(pool, first.rows[0]!.id, 'worker');
  const single = await ask('b', 'single');
  const ahead = (await countJobsAhead(pool, [single])).get(single);
  process.stdout.write(`jobs ahead of a single song behind a playlist of 500: ${ahead}\n`);
  expect(ahead).toBe(1);
});

test('several owners take turns, and what callers see is the order in which they are served', async () => {
  await askAll('a', 6);
  await askAll('b', 3);
  await ask('c', 'c0');
  const expected = ['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'b2', 'a3', 'a4', 'a5'];
  expect(await seenOrder()).toEqual(expected);
  expect(await serve()).toEqual(expected);
});

test('who comes in the middle is next after the round that is being served', async () => {
  await askAll('a', 8);
  const order = await serve(async (served) => {
    if (served.length === 3) await askAll('b', 2);
    if (served.length === 4) await ask('c', 'c0');
  });
  expect(order).toEqual(['a0', 'a1', 'a2', 'a3', 'b0', 'a4', 'b1', 'c0', 'a5', 'a6', 'a7']);
});

test('single songs that keep coming never starve a playlist: each round has one song of it', async () => {
  await askAll('a', 10);
  let visitors = 0;
  const order = await serve(async () => {
    // Two newcomers for every job that is served: more than can ever be done, for a while.
    for (let nth = 0; nth < 2 && visitors < 30; nth += 1) {
      visitors += 1;
      await ask(`v${visitors}`, `v${visitors}`);
    }
  });
  const places = Array.from({ length: 5 }, (_, nth) => order.indexOf(`a${nth}`));
  expect(places).toEqual(places.toSorted((left, right) => left - right));
  // All that was asked for before a round began is served in it, so rounds end.
  expect(order.indexOf('a3')).toBeLessThan(order.indexOf('v30'));
});

test('who asks for a song of somebody’s playlist gets it as early as if it were theirs alone', async () => {
  await askAll('a', 20);
  await ask('b', 'a19');
  expect(await seenOrder()).toEqual([
    ...['a0', 'a19'],
    ...Array.from({ length: 18 }, (_, nth) => `a${nth + 1}`),
  ]);
  expect((await serve()).slice(0, 3)).toEqual(['a0', 'a19', 'a1']);
});

test('a job that waits for a retry goes first when its time has come', async () => {
  await askAll('a', 3);
  let hasFailed = false;
  const order = await serve(async (served) => {
    if (hasFailed) return;
    hasFailed = true;
    const jobId = await ask('b', 'b0');
    const job = await claimAttempt(pool, jobId, 'worker');
    const retried = await retryAttemptLater(pool, keyOf(job!), 'NETWORK', 0.1);
    await eventually('its time to have come', async () => {
      const { rowCount } = await pool.query('select where now() > $1', [retried?.runAt]);
      return rowCount === 1;
    });
    expect(served).toEqual(['a0']);
  });
  expect(order).toEqual(['a0', 'b0', 'a1', 'a2']);
});
