// A job's life against a model of it: random sequences of whatever callers, workers, crashes, outages and time can do,
// on the real database. After each command everything is compared; at the end everybody recovers, and every job ends.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { report } from '../support/figures.ts';
import { commands, recover } from '../support/jobModel/commands.ts';
import { newModel } from '../support/jobModel/model.ts';
import { newWorkerId, openWorld } from '../support/jobModel/world.ts';

/** `SEQUENCES=100000 npm run test:reliability -- jobModel` runs more of them, `SEED=…` the same again. */
const sequences = Number(process.env['SEQUENCES'] ?? 10_000);
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const longest = 24;
/** Each has a database of its own, where nobody else's jobs are rescued, swept or expired. */
const lanes = 4;

const stack = new AsyncDisposableStack();
let databases: TestDatabase[];
beforeAll(async () => {
  databases = await Promise.all(Array.from({ length: lanes }, () => createTestDatabase()));
  for (const database of databases) stack.use(database);
});
afterAll(() => stack.disposeAsync());

test(
  'no sequence of events breaks a rule, and in the end every job has ended',
  async () => {
    let [ran, done] = [0, 0];
    const startedAt = performance.now();
    await Promise.all(
      databases.map(async ({ pool }, lane) => {
        await using world = openWorld(pool);
        const property = fc.asyncProperty(commands(longest), async (sequence) => {
          const workers = [newWorkerId(), newWorkerId()];
          const model = newModel(workers);
          await world.reset(workers);
          await fc.asyncModelRun(() => ({ model, real: world }), sequence);
          await recover(model, world);
          ran += 1;
          done += [...sequence].length;
        });
        await fc.assert(property, {
          numRuns: Math.ceil(sequences / lanes),
          seed: seed + lane,
          endOnFailure: process.env['SHRINK'] === undefined,
        });
      }),
    );
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    expect(ran).toBeGreaterThanOrEqual(sequences);
    report({
      demand: 'random sequences of request, join, cancel, retry, delete, crash, outage and expiry',
      target: `no rule broken in ${sequences.toLocaleString('en')}`,
      measured: `none in ${ran} sequences of ${(done / ran).toFixed(1)} commands, ${seconds} s, seed ${seed}`,
    });
  },
  60 * 60_000,
);
