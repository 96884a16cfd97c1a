// What workers do with a job, step by step as graphile-worker and the task take them. A worker that is dead by the
// records may only be frozen: its steps come all the same, late.

import fc from 'fast-check';
import { AttemptLost } from '../../../src/services/attempt.ts';
import { newArtifact } from '../jobs.ts';
import { crashWorker } from './events.ts';
import { end, fileOf, findJob, holdsAttempt, queue } from './model.ts';
import type { Delivery, Model, ModelJob } from './model.ts';
import { hasJobs, pick, place } from './step.ts';
import type { Step } from './step.ts';
import { equal } from './world.ts';
import type { Fault, World } from './world.ts';

/** A worker's write that fails is repeated after 100 ms: few of those. */
const rareFault = fc.oneof(
  { weight: 60, arbitrary: fc.constant<Fault>('NONE') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('REFUSED', 'UNANSWERED') },
);

/** As graphile-worker does: the queue job is locked and counted, whatever became of the job. */
export const fetch = fc.record({ at: place, worker: place }).map(({ at, worker }): Step => ({
  name: `fetch ${at} ${worker}`,
  isPossible: hasJobs,
  async run(model, world) {
    const { id } = pick(model.jobs, at);
    const workerId = pick([...model.living], worker);
    const queueJobId = await lockQueueJob(world, id, workerId);
    if (queueJobId === null) return;
    model.deliveries.push({ jobId: id, queueJobId, workerId, attempt: null });
  },
}));

/** Its time is taken to have come. */
export async function lockQueueJob(
  world: World,
  jobId: string,
  workerId: string,
): Promise<string | null> {
  const { rows } = await world.pool.query<{ id: string }>(
    `update graphile_worker._private_jobs
     set locked_by = $2, locked_at = now(), attempts = attempts + 1
     where key = $1 and locked_by is null and attempts < max_attempts
     returning id`,
    [jobId, workerId],
  );
  return rows[0]?.id ?? null;
}

export const claim = fc.record({ at: place }).map(({ at }): Step => ({
  name: `claim ${at}`,
  isPossible: ({ deliveries }) => deliveries.some(({ attempt }) => attempt === null),
  async run(model, world) {
    const delivery = pick(
      model.deliveries.filter(({ attempt }) => attempt === null),
      at,
    );
    await claimDelivery(model, world, delivery);
  },
}));

export async function claimDelivery(model: Model, world: World, delivery: Delivery): Promise<void> {
  const job = findJob(model, delivery.jobId);
  const claimed = await world.attempts.claim(delivery.jobId, delivery.workerId);
  equal('claimed', claimed !== null, job?.status === 'QUEUED');
  if (claimed === null || job === undefined) return settle(model, world, delivery, 'complete');
  Object.assign(job, { status: 'RUNNING', attempt: job.attempt + 1, holder: delivery.workerId });
  // The queue job is the delivery's from now on.
  job.isForgotten = false;
  Object.assign(delivery, { attempt: job.attempt });
  world.claimed.set(delivery, claimed);
}

/** graphile-worker's last write for a queue job. It completes without asking who holds it, but fails only its own. */
async function settle(
  model: Model,
  world: World,
  delivery: Delivery,
  how: 'complete' | 'fail',
): Promise<void> {
  forget(model, world, delivery);
  const { queueJobId, workerId } = delivery;
  if (how === 'complete') {
    await world.pool.query(`delete from graphile_worker._private_jobs where id = $1`, [queueJobId]);
    // Dead by the records, so that its lock was lifted, it may have completed the queue job that the job was queued
    // with again: the sweep finds that.
    const job = findJob(model, delivery.jobId);
    if (job?.status === 'QUEUED' && !model.living.has(workerId)) job.isForgotten = true;
  } else {
    await world.pool.query(
      `update graphile_worker._private_jobs set locked_by = null, locked_at = null
       where id = $1 and locked_by = $2`,
      [queueJobId, workerId],
    );
  }
}

function forget(model: Model, world: World, delivery: Delivery): void {
  model.deliveries.splice(model.deliveries.indexOf(delivery), 1);
  world.claimed.get(delivery)?.[Symbol.dispose]();
  world.claimed.delete(delivery);
}

type Ending = 'finish' | 'NETWORK' | 'PRIVATE' | 'release' | 'enter' | 'vanish';

export const work = fc
  .record({
    at: place,
    ending: fc.constantFrom<Ending>(
      'finish',
      'finish',
      'NETWORK',
      'PRIVATE',
      'release',
      'enter',
      'vanish',
    ),
    fault: rareFault,
  })
  .map(({ at, ending, fault: what }): Step => ({
    name: `work ${ending} ${at} ${what}`,
    isPossible: ({ deliveries }) => deliveries.some(({ attempt }) => attempt !== null),
    async run(model, world) {
      const delivery = pick(
        model.deliveries.filter(({ attempt }) => attempt !== null),
        at,
      );
      await doWork(model, world, delivery, ending, what);
    },
  }));

export async function doWork(
  model: Model,
  world: World,
  delivery: Delivery,
  ending: Ending,
  what: Fault,
): Promise<void> {
  const attempt = world.claimed.get(delivery);
  if (attempt === undefined) throw new Error('a delivery without its attempt');
  const held = holdsAttempt(model, delivery);
  const file = `${delivery.jobId}.${delivery.attempt}`;
  if (ending === 'finish' || ending === 'vanish') world.files.add(file);
  if (ending === 'vanish') {
    // Killed between the file's last step and the row's.
    model.leftovers.add(file);
    forget(model, world, delivery);
    if (model.living.has(delivery.workerId)) await crashWorker(model, world, delivery.workerId);
    return;
  }
  world.fail(what);
  const isLost = await writeEnding(attempt, ending).then(
    () => false,
    (error: unknown) => {
      if (error instanceof AttemptLost) return true;
      throw error;
    },
  );
  world.fail('NONE');
  // A hand-back whose answer was lost is found done by others, which looks the same.
  const mayLookLost = what === 'UNANSWERED' && ending !== 'finish' && ending !== 'enter';
  if (!mayLookLost || !isLost) equal('lost', isLost, held === null);
  if (held === null) {
    world.files.delete(file);
    return settle(model, world, delivery, 'fail');
  }
  if (ending === 'enter') return;
  applyEnding(model, held, ending);
  await settle(model, world, delivery, isLost ? 'fail' : 'complete');
}

function writeEnding(
  attempt: NonNullable<ReturnType<World['claimed']['get']>>,
  ending: Exclude<Ending, 'vanish'>,
): Promise<unknown> {
  switch (ending) {
    case 'finish':
      return attempt.finish(newArtifact());
    case 'enter':
      return attempt.enter('DOWNLOADING');
    case 'release':
      return attempt.release();
    case 'NETWORK':
    case 'PRIVATE':
      return attempt.fail(ending);
  }
}

function applyEnding(
  model: Model,
  job: ModelJob,
  ending: Exclude<Ending, 'vanish' | 'enter'>,
): void {
  if (ending === 'finish') {
    end(job, 'SUCCEEDED');
    model.files.add(fileOf(job));
  } else if (ending === 'release') {
    queue(job);
    job.maxAttempts += 1;
  } else if (ending === 'NETWORK' && job.attempt < job.maxAttempts) queue(job);
  else end(job, 'FAILED');
}
