// What can happen to a job, as random commands: callers' wishes, a worker's steps, crashes, outages, time. Each does
// it for real and tells the model; then the two are compared.

import fc from 'fast-check';
import { beatWorker, rescueLostAttempts } from '../../../src/db/workers.ts';
import { isDatabaseUnavailable } from '../../../src/services/unavailable.ts';
import { AttemptLost } from '../../../src/services/attempts.ts';
import { newArtifact } from '../jobs.ts';
import {
  attemptsAllowed,
  end,
  fileOf,
  findJob,
  holdsAttempt,
  isActive,
  leave,
  predictRequest,
  queue,
  textOf,
} from './model.ts';
import type { Delivery, Model, ModelJob } from './model.ts';
import { equal, newWorkerId } from './world.ts';
import type { Fault, World } from './world.ts';

type Step = {
  readonly name: string;
  readonly isPossible?: (model: Model) => boolean;
  readonly run: (model: Model, world: World) => Promise<void>;
};

const owners = ['ann', 'bob', 'cleo'];
const urlOf = (identity: number) => `https://youtu.be/model00000${identity}`;

const owner = fc.constantFrom(...owners);
const place = fc.nat(7);
const fault = fc.constantFrom<Fault>('NONE', 'NONE', 'NONE', 'NONE', 'REFUSED', 'UNANSWERED');
/** A worker's write that fails is repeated after 100 ms: few of those. */
const rareFault = fc.oneof(
  { weight: 60, arbitrary: fc.constant<Fault>('NONE') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('REFUSED', 'UNANSWERED') },
);

const pick = <Item>(items: readonly Item[], at: number): Item => {
  const item = items[at % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};
const hasJobs = ({ jobs }: Model) => jobs.length > 0;

/** Runs it under the fault; null when its answer did not come. */
async function under<Answer>(
  world: World,
  what: Fault,
  act: () => Promise<Answer>,
): Promise<Answer | null> {
  world.fail(what);
  try {
    const answer = await act();
    // Nothing was sent that could have failed.
    if (what === 'UNANSWERED' || what === 'REFUSED') world.fail('NONE');
    return answer;
  } catch (error) {
    if (what === 'NONE' || !isDatabaseUnavailable(error)) throw error;
    return null;
  }
}

const request = fc
  .record({ owner, identity: fc.nat(1), mayReuse: fc.boolean(), hasKey: fc.boolean(), fault })
  .map(({ fault: what, hasKey, ...rest }): Step => {
    const asked = { ...rest, key: hasKey ? 'key' : null };
    return {
      name: `request ${JSON.stringify(asked)} ${what}`,
      async run(model, world) {
        const twins = model.jobs.filter(({ identity }) => identity === asked.identity);
        const isReuse = asked.mayReuse && twins.some(({ status }) => status === 'SUCCEEDED');
        const mayLookAway = isReuse && twins.some((job) => !model.files.has(fileOf(job)));
        // Of an answer that is lost in the middle of two nobody can say what came of it.
        const used = mayLookAway ? 'NONE' : what;
        const predicted = predictRequest(model, asked);
        const answer = await under(world, used, () =>
          world.requests.request(asked.owner, {
            url: urlOf(asked.identity),
            options: { quality: 'KBPS_192', embedThumbnail: false },
            mayReuse: asked.mayReuse,
            idempotencyKey: asked.key,
          }),
        );
        if (answer === null && used === 'REFUSED') return;
        if (mayLookAway) await noticeLostFiles(model, world);
        if (predicted.outcome === 'IDEMPOTENCY_KEY_REUSED') {
          if (answer !== null) equal('refusal', answer.refusal?.code, predicted.outcome);
          return;
        }
        const id = answer?.job?.id ?? (await newestJob(world, asked.owner));
        if (answer !== null) equal('outcome', answer.outcome, predicted.outcome);
        if (predicted.outcome === 'CREATED') {
          model.jobs.push({
            ...{ id, identity: asked.identity, status: 'QUEUED', attempt: 0 },
            ...{
              maxAttempts: attemptsAllowed,
              owners: new Set(),
              holder: null,
              isForgotten: false,
            },
          });
        } else if (answer !== null) {
          equal(
            'the job',
            predicted.among?.some((each) => each.id === id),
            true,
          );
        }
        const job =
          answer === null && predicted.among !== null
            ? await joined(model, world, predicted.among, asked.owner)
            : findJob(model, id);
        if (job === undefined) throw new Error(`the model has no job ${id}`);
        job.owners.add(asked.owner);
        if (asked.key !== null && !model.keys.has(`${asked.owner} ${asked.key}`)) {
          model.keys.set(`${asked.owner} ${asked.key}`, { jobId: job.id, asked: textOf(asked) });
        }
      },
    };
  });

/** Which of several jobs the lost answer named. */
async function joined(model: Model, world: World, among: readonly ModelJob[], name: string) {
  const { rows } = await world.pool.query<{ id: string; isKeyed: boolean }>(
    `select o.job_id as id, exists (select from tapedeck.idempotency_keys k
       where k.job_id = o.job_id and k.owner_id = o.owner_id) as "isKeyed"
     from tapedeck.job_owners o where o.owner_id = $1 and o.job_id = any($2::uuid[])`,
    [name, among.map(({ id }) => id)],
  );
  const fresh = rows.filter(({ id }) => findJob(model, id)?.owners.has(name) === false);
  const id = fresh[0]?.id ?? rows.find(({ isKeyed }) => isKeyed)?.id ?? rows[0]?.id;
  return findJob(model, id ?? '');
}

async function newestJob(world: World, name: string): Promise<string> {
  const { rows } = await world.pool.query<{ id: string }>(
    `select j.id from tapedeck.jobs j join tapedeck.job_owners o on o.job_id = j.id
     where o.owner_id = $1 order by j.created_at desc, j.id desc limit 1`,
    [name],
  );
  return rows[0]?.id ?? 'none';
}

/** A request that would reuse a file that is gone expires its job; how many it met, only the database knows. */
async function noticeLostFiles(model: Model, world: World): Promise<void> {
  const { rows } = await world.pool.query<{ id: string }>(
    `select id from tapedeck.jobs where status = 'EXPIRED'`,
  );
  for (const { id } of rows) {
    const job = findJob(model, id);
    if (job?.status === 'SUCCEEDED' && !model.files.has(fileOf(job))) job.status = 'EXPIRED';
  }
}

const act = fc
  .record({ owner, at: place, action: fc.constantFrom('cancel', 'retry', 'remove'), fault })
  .map(({ owner: name, at, action, fault: what }): Step => ({
    name: `${action} ${name} ${at} ${what}`,
    isPossible: hasJobs,
    async run(model, world) {
      const job = pick(model.jobs, at);
      const { code, apply } = predictAction(model, job, name, action, what);
      const answer = await under(world, what, () =>
        world.requests[action as 'cancel'](name, job.id),
      );
      if (answer === null && what === 'REFUSED') return;
      if (answer !== null) equal(action, answer.refusal?.code ?? null, code);
      apply();
    },
  }));

function predictAction(
  model: Model,
  job: ModelJob,
  name: string,
  action: string,
  what: Fault,
): { code: string | null; apply: () => void } {
  const nothing = (code: string | null) => ({ code, apply: () => {} });
  const done = (apply: () => void) => ({ code: null, apply });
  if (!job.owners.has(name)) return nothing('NOT_FOUND');
  const isShared = job.owners.size > 1;
  switch (action) {
    case 'cancel':
      if (job.status === 'CANCELED') return nothing(null);
      if (!isActive(job)) return nothing('ALREADY_TERMINAL');
      return done(() => (isShared ? leave(model, job, name) : end(job, 'CANCELED')));
    case 'retry': {
      if (isActive(job)) return nothing('STILL_ACTIVE');
      if (job.status === 'SUCCEEDED') return nothing('NOT_RETRYABLE');
      const isTwin = (other: ModelJob) => other.identity === job.identity && isActive(other);
      if (model.jobs.some(isTwin)) return nothing('STILL_ACTIVE');
      return done(() => {
        queue(job);
        job.maxAttempts = job.attempt + attemptsAllowed;
      });
    }
    default:
      if (isActive(job)) return nothing('STILL_ACTIVE');
      return done(() => {
        leave(model, job, name);
        if (isShared) return;
        model.jobs.splice(model.jobs.indexOf(job), 1);
        // Who was not told that the job is gone has not removed its file.
        if (what === 'UNANSWERED' && model.files.has(fileOf(job))) model.leftovers.add(fileOf(job));
        model.files.delete(fileOf(job));
      });
  }
}

/** As graphile-worker does: the queue job is locked and counted, whatever became of the job. */
const fetch = fc.record({ at: place, worker: place }).map(({ at, worker }): Step => ({
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
async function lockQueueJob(world: World, jobId: string, workerId: string): Promise<string | null> {
  const { rows } = await world.pool.query<{ id: string }>(
    `update graphile_worker._private_jobs
     set locked_by = $2, locked_at = now(), attempts = attempts + 1
     where key = $1 and locked_by is null and attempts < max_attempts
     returning id`,
    [jobId, workerId],
  );
  return rows[0]?.id ?? null;
}

const claim = fc.record({ at: place }).map(({ at }): Step => ({
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

async function claimDelivery(model: Model, world: World, delivery: Delivery): Promise<void> {
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

const work = fc
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

async function doWork(
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

/** A worker is not seen any more. What it does from now on is done by a frozen one that woke up. */
const crash = fc.record({ at: place }).map(({ at }): Step => ({
  name: `crash ${at}`,
  run: (model, world) => crashWorker(model, world, pick([...model.living], at)),
}));

async function crashWorker(model: Model, world: World, id: string): Promise<void> {
  await world.pool.query(
    `update tapedeck.workers set seen_at = now() - interval '1 hour' where id = $1`,
    [id],
  );
  model.living.delete(id);
  const next = newWorkerId();
  await beatWorker(world.pool, { id: next, slots: 2 });
  model.living.add(next);
}

const rescue = fc.constant<Step>({
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

const expire = fc.record({ at: place }).map(({ at }): Step => ({
  name: `expire ${at}`,
  isPossible: ({ jobs }) => jobs.some(({ status }) => status === 'SUCCEEDED'),
  async run(model, world) {
    const kept = model.jobs.filter(({ status }) => status === 'SUCCEEDED');
    const job = pick(kept, at);
    await world.pool.query(`update tapedeck.jobs set expires_at = now() where id = $1`, [job.id]);
    await world.upkeep.expireArtifacts();
    job.status = 'EXPIRED';
    model.files.delete(fileOf(job));
  },
}));

const loseFile = fc.record({ at: place }).map(({ at }): Step => ({
  name: `lose file ${at}`,
  isPossible: ({ files }) => files.size > 0,
  async run(model, world) {
    const file = pick([...model.files], at);
    model.files.delete(file);
    world.files.delete(file);
  },
}));

const loseQueueJob = fc.record({ at: place }).map(({ at }): Step => ({
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

const sweep = fc.constant<Step>({
  name: 'sweep',
  async run(model, world) {
    await sweepAll(model, world);
  },
});

async function sweepAll(model: Model, world: World): Promise<void> {
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
  equal('active jobs', model.jobs.filter(isActive).length, 0);
  equal('leftovers', [...model.leftovers], []);
}
