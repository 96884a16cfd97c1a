// Everything that can happen to a job, as random commands: each is done for real and told to the model, then the two are
// compared.

import fc from 'fast-check';
import { rescueLostAttempts } from '../../../src/db/workers.ts';
import { act, request } from './callers.ts';
import { claim, claimDelivery, doWork, fetch, lockQueueJob, work } from './deliveries.ts';
import { crash, expire, loseFile, loseQueueJob, rescue, sweep, sweepAll } from './events.ts';
import { end, isActive, queue } from './model.ts';
import type { Delivery, Model } from './model.ts';
import type { Step } from './step.ts';
import { equal } from './world.ts';
import type { World } from './world.ts';

const steps: readonly { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  { weight: 4, arbitrary: request },
  { weight: 4, arbitrary: act },
  { weight: 4, arbitrary: fetch },
  { weight: 4, arbitrary: claim },
  { weight: 5, arbitrary: work },
  { weight: 1, arbitrary: crash },
  { weight: 1, arbitrary: rescue },
  { weight: 1, arbitrary: expire },
  { weight: 1, arbitrary: loseFile },
  { weight: 1, arbitrary: loseQueueJob },
  { weight: 1, arbitrary: sweep },
];

/** Sequences of at most `longest` commands. */
export function commands(longest: number) {
  const arbitraries = steps.flatMap(({ weight, arbitrary }) =>
    Array.from({ length: weight }, () => arbitrary.map(toCommand)),
  );
  return fc.commands(arbitraries, { maxCommands: longest, size: 'max' });
}

function toCommand({ name, isPossible = () => true, run }: Step): fc.AsyncCommand<Model, World> {
  return {
    check: (model) => isPossible(model),
    async run(model, world) {
      await run(model, world);
      await world.compare(model);
    },
    toString: () => name,
  };
}

/** Everybody is well again: now every job has to come to its end, and nothing may be left over. */
export async function recover(model: Model, world: World): Promise<void> {
  for (const delivery of [...model.deliveries]) {
    if (delivery.attempt === null) await claimDelivery(model, world, delivery);
    if (model.deliveries.includes(delivery)) {
      await doWork(model, world, delivery, 'finish', 'NONE');
    }
  }
  await rescueLostAttempts(world.pool, 5);
  for (const job of model.jobs) {
    if (job.holder === null) continue;
    if (job.attempt < job.maxAttempts) queue(job);
    else end(job, 'FAILED');
  }
  await sweepAll(model, world);
  await world.compare(model);
  const [workerId = ''] = model.living;
  for (const job of model.jobs.filter(isActive)) {
    const queueJobId = await lockQueueJob(world, job.id, workerId);
    if (queueJobId === null) throw new Error(`nothing delivers ${job.id}`);
    const delivery: Delivery = { jobId: job.id, queueJobId, workerId, attempt: null };
    model.deliveries.push(delivery);
    await claimDelivery(model, world, delivery);
    await doWork(model, world, delivery, 'finish', 'NONE');
  }
  await world.compare(model);
  await world.checkStories();
  equal('active jobs', model.jobs.filter(isActive).length, 0);
  equal('leftovers', [...model.leftovers], []);
}
