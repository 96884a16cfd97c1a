// Jobs are canceled at any moment of their life, some asked for again and canceled again, while workers are killed: with real
// processes and real files. Ten thousand orders of the same on the rows alone are in races.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { act, follow, readToEnd, requestMp3 } from '../support/caller.ts';
import { eventually } from '../support/eventually.ts';
import { report } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { openFolder } from '../support/folder.ts';
import { newVideoId } from '../support/jobStates.ts';
import { lastFor } from '../support/lasting.ts';
import { processesIn } from '../support/processes.ts';
import { scale } from '../support/scale.mjs';
import { makeStandIn } from '../support/standInTools.ts';

const turns = scale(24, 200);
const callers = 6;
/** Twice what one conversion takes beside five others: cancels come in each of its phases, and late. */
const lifeSeconds = 4;

const stack = new AsyncDisposableStack();
let fleet: Fleet;
beforeAll(async () => {
  const standIn = await makeStandIn(stack.use(await openFolder()));
  await standIn.take(0.2);
  fleet = stack.use(
    await startFleet({
      workers: 2,
      settings: { ...standIn.settings, WORKER_CONCURRENCY: '3' },
    }),
  );
});
afterAll(() => stack.disposeAsync());

type Story = { readonly id: string; readonly ends: readonly string[]; readonly isRetried: boolean };

/** False when the job had ended before. */
const cancel = (id: string) =>
  act(fleet.api.url, 'cancelJob', id).then(
    ({ status }) => status === 'CANCELED',
    (error: unknown) => {
      if (!String(error).includes('ALREADY_TERMINAL')) throw error;
      return false;
    },
  );

/** One job, canceled at some moment; every third is asked for again, and that is canceled too. */
async function cancelSome(nth: number): Promise<Story> {
  const { job } = await requestMp3(fleet.api.url, `https://youtu.be/${newVideoId()}`);
  await using frames = follow(fleet.api.url, job.id);
  const heard = readToEnd(frames);
  await lastFor(Math.random() * lifeSeconds);
  const isCanceled = await cancel(job.id);
  const isRetried = nth % 3 === 0 && isCanceled;
  if (isRetried) {
    await act(fleet.api.url, 'retryJob', job.id);
    await lastFor(Math.random() * lifeSeconds);
    await cancel(job.id);
  }
  const ends = (await heard).filter(({ isFinal }) => isFinal).map((frame) => frame.job.status);
  return { id: fromGlobalId(job.id) ?? '', ends, isRetried };
}

test('a cancel at any moment leaves one end, no process and no file, also when workers die', async () => {
  const stories: Story[] = [];
  let next = 0;
  const calling = Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < turns) stories.push(await cancelSome(next++));
    }),
  );
  const kills = turns / 12;
  for (let kill = 0; kill < kills; kill += 1) {
    await eventually(
      'some to be over',
      () => stories.length >= (kill * turns) / kills || next >= turns,
      {
        timeoutMs: 240_000,
      },
    );
    const [victim] = fleet.workers;
    if (victim !== undefined) await fleet.end(victim, 'SIGKILL');
    await fleet.startWorker();
  }
  await calling;
  const counts = await fleet.waitForAll();

  const { rows } = await fleet.database.pool.query<{ id: string; status: string; name: string }>(
    `select id, status, id || '.' || attempt || '.mp3' as name from tapedeck.jobs`,
  );
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  expect(stories).toHaveLength(turns);
  for (const { id, ends, isRetried } of stories) {
    expect(ends).toHaveLength(1);
    expect(['SUCCEEDED', 'CANCELED']).toContain(statuses.get(id));
    if (!isRetried) expect(ends).toEqual([statuses.get(id)]);
  }
  await eventually('every tool to be gone', async () => {
    return (await processesIn(fleet.workFolder)).length === 0;
  });
  await fleet.sweep();
  const store = await readdir(join(fleet.dataFolder, 'store'), { recursive: true });
  const published = store.flatMap((name) => (name.endsWith('.mp3') ? [name.slice(3)] : []));
  const kept = rows.flatMap(({ status, name }) => (status === 'SUCCEEDED' ? [name] : []));
  expect(published.toSorted()).toEqual(kept.toSorted());
  await eventually('the work folders to be gone', async () => {
    return (await readdir(fleet.workFolder)).length === 0;
  });
  report({
    demand: `${turns} jobs canceled at any moment, a third twice, ${kills} workers killed meanwhile`,
    target: 'one end each, 0 processes, 0 files left',
    measured: `one each (${counts.join(', ')}), 0 processes, 0 files`,
  });
}, 600_000);
