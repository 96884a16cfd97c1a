// Workers are killed at random moments while callers go on asking: every job succeeds, and no process and no file is
// left behind. What becomes of the job of one that was killed: workerKilled.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { report } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { openFolder } from '../support/folder.ts';
import { lastFor } from '../support/lasting.ts';
import { startLoad } from '../support/load.ts';
import { processesIn } from '../support/processes.ts';
import { scale } from '../support/scale.mjs';
import { makeStandIn } from '../support/standInTools.ts';
import type { StandIn } from '../support/standInTools.ts';

const stack = new AsyncDisposableStack();
let standIn: StandIn;
beforeAll(async () => {
  standIn = await makeStandIn(stack.use(await openFolder()));
});
afterAll(() => stack.disposeAsync());

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet({
    workers: 1,
    settings: { ...standIn.settings, WORKER_CONCURRENCY: '4' },
  });
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

test('workers killed at random moments leave no process and no file', async () => {
  const kills = scale(3, 20);
  await standIn.take(1);
  const load = startLoad(() => fleet.api.url, scale(1_000, 3_000));
  for (let turn = 0; turn < kills; turn += 1) {
    const [victim] = fleet.workers;
    // Some live long enough to finish what they took up, and some do not.
    await lastFor(Math.random() * 4);
    if (victim !== undefined) await fleet.end(victim, 'SIGKILL');
    await fleet.startWorker();
  }
  await load.stop();
  const ends = await fleet.waitForAll();
  await eventually('every tool to be gone', async () => {
    return (await processesIn(fleet.workFolder)).length === 0;
  });
  const { rows } = await fleet.database.pool.query<{ name: string }>(
    `select id || '.' || attempt || '.mp3' as name from tapedeck.jobs where status = 'SUCCEEDED'`,
  );
  expect(ends).toEqual([`SUCCEEDED ${load.accepted.length}`]);
  await fleet.sweep();
  const store = await readdir(join(fleet.dataFolder, 'store'), { recursive: true });
  const published = store.flatMap((name) => (name.endsWith('.mp3') ? [name.slice(3)] : []));
  expect(published.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  // The last to end may still be removing its own.
  await eventually('the work folders to be gone', async () => {
    return (await readdir(fleet.workFolder)).length === 0;
  });
  report({
    demand: `kill -9 at ${kills} random moments under load`,
    target: '0 lost, 0 orphan processes, 0 files left',
    measured: `0 of ${load.accepted.length} lost (${ends.join(', ')}), 0 processes, 0 files`,
  });
}, 600_000);
