// What happens to everybody: crashes, rescues, time, losses, and the sweep that puts them right.

import fc from 'fast-check';
import { beatWorker, rescueLostAttempts } from '../../../src/db/workers.ts';
import { end, fileOf, queue } from './model.ts';
import type { Model } from './model.ts';
import { hasJobs, pick, place } from './step.ts';
import type { Step } from './step.ts';
import { equal, newWorkerId } from './world.ts';
import type { World } from './world.ts';

/** A worker is not seen any more. What it does from now on is done by a frozen one that woke up. */
export const crash = fc.record({ at: place }).map(({ at }): Step => ({
  name: `crash ${at}`,
  run: (model, world) => crashWorker(model, world, pick([...model.living], at)),
}));

export async function crashWorker(model: Model, world: World, id: string): Promise<void> {
  await world.pool.query(
    `update tapedeck.workers set seen_at = now() - interval '1 hour' where id = $1`,
    [id],
  );
  model.living.delete(id);
  const next = newWorkerId();
  await beatWorker(world.pool, { id: next, slots: 2 });
  model.living.add(next);
}

export const rescue = fc.constant<Step>({
  name: 'rescue',
  async run(model, world) {
    const rescued = await rescueLostAttempts(world.pool, 5);
    const lost = model.jobs.filter(({ holder }) => holder !== null && !model.living.has(holder));
    equal(
      'rescued',
      rescued.map(({ jobId }) => jobId).toSorted(),
      lost.map(({ id }) => id).toSorted(),
    );
    for (const job of lost) {
      if (job.attempt < job.maxAttempts) queue(job);
      else end(job, 'FAILED');
    }
  },
});

export const expire = fc.record({ at: place }).map(({ at }): Step => ({
  name: `expire ${at}`,
  isPossible: ({ jobs }) => jobs.some(({ status }) => status === 'SUCCEEDED'),
  async run(model, world) {
    const kept = model.jobs.filter(({ status }) => status === 'SUCCEEDED');
    const job = pick(kept, at);
    await world.pool.query(
      `update tapedeck.jobs set expires_at = date_trunc('milliseconds', now()) where id = $1`,
      [job.id],
    );
    await world.upkeep.expireArtifacts();
    job.status = 'EXPIRED';
    model.files.delete(fileOf(job));
  },
}));

export const loseFile = fc.record({ at: place }).map(({ at }): Step => ({
  name: `lose file ${at}`,
  isPossible: ({ files }) => files.size > 0,
  async run(model, world) {
    const file = pick([...model.files], at);
    model.files.delete(file);
    world.files.delete(file);
  },
}));

export const loseQueueJob = fc.record({ at: place }).map(({ at }): Step => ({
  name: `lose queue job ${at}`,
  isPossible: hasJobs,
  async run(model, world) {
    const job = pick(model.jobs, at);
    const { rowCount } = await world.pool.query(
      `delete from graphile_worker._private_jobs where key = $1 and locked_by is null`,
      [job.id],
    );
    if (rowCount === 1 && job.status === 'QUEUED') job.isForgotten = true;
  },
}));

export const sweep = fc.constant<Step>({
  name: 'sweep',
  async run(model, world) {
    await sweepAll(model, world);
  },
});

export async function sweepAll(model: Model, world: World): Promise<void> {
  await world.pool.query(
    `update tapedeck.jobs set updated_at = now() - interval '2 minutes' where status = 'QUEUED'`,
  );
  await world.upkeep.sweepLeftovers();
  for (const job of model.jobs) job.isForgotten = false;
  // What an attempt that still runs, or one that succeeded, has left stays.
  const used = new Set(
    model.jobs.filter(({ status }) => status === 'RUNNING' || status === 'SUCCEEDED').map(fileOf),
  );
  for (const file of model.leftovers) if (!used.has(file)) model.leftovers.delete(file);
}
