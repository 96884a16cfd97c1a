// What callers do: request, cancel, retry, delete; and an outage before or after the commit.

import fc from 'fast-check';
import { isDatabaseUnavailable } from '../../../src/services/unavailable.ts';
import {
  attemptsAllowed,
  end,
  fileOf,
  findJob,
  isActive,
  leave,
  predictRequest,
  queue,
  textOf,
} from './model.ts';
import type { Model, ModelJob } from './model.ts';
import { fault, hasJobs, owner, pick, place } from './step.ts';
import type { Step } from './step.ts';
import { equal } from './world.ts';
import type { Fault, World } from './world.ts';

const urlOf = (identity: number) => `https://youtu.be/model00000${identity}`;

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

export const request = fc
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
        if (mayLookAway) await noticeLostFiles(model, world, asked.owner);
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
async function noticeLostFiles(model: Model, world: World, name: string): Promise<void> {
  const { rows } = await world.pool.query<{ id: string }>(
    `select id from tapedeck.jobs where status = 'EXPIRED'`,
  );
  for (const { id } of rows) {
    const job = findJob(model, id);
    if (job?.status !== 'SUCCEEDED' || model.files.has(fileOf(job))) continue;
    job.status = 'EXPIRED';
    // It was theirs before anybody looked for its file, and it stays in their history, where it can be retried.
    job.owners.add(name);
  }
}

export const act = fc
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
        const file = fileOf(job);
        const isThere = model.files.delete(file) || model.leftovers.delete(file);
        // Who was not told that the job is gone has not removed its file.
        if (isThere && what === 'UNANSWERED') model.leftovers.add(file);
      });
  }
}
