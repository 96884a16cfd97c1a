// The whole life of a job by chance: callers, workers, crashes and upkeep in any order. Whatever happens, the
// promises hold after each step. The plan is drawn by fast-check, which also finds the shortest that fails.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cancelJob, deleteJob, retryJob } from '../../../src/db/actions.ts';
import {
  claimAttempt,
  enterPhase,
  failAttempt,
  finishAttempt,
  recordSource,
  releaseAttempt,
  retryAttemptLater,
} from '../../../src/db/attempts.ts';
import type { AttemptKey } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { writeProgress } from '../../../src/db/progress.ts';
import { requestJob } from '../../../src/db/requests.ts';
import {
  deleteLeftoverRows,
  enqueueForgottenJobs,
  expireDueArtifacts,
  expireOverQuota,
} from '../../../src/db/upkeep.ts';
import { beatWorker, rescueLostAttempts } from '../../../src/db/workers.ts';
import { isTerminal, jobPhases, transitions } from '../../../src/domain/job.ts';
import type { Job, JobStatus } from '../../../src/domain/job.ts';
import { overallFraction } from '../../../src/domain/progress.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import {
  findJob,
  findQueueJob,
  letTimePass,
  lockQueueJob,
  newArtifact,
  newRequest,
  removeAllJobs,
} from '../../support/jobs.ts';
import type { QueueJob } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** One job and all who have to do with it. `attempts` are those ever claimed, the latest last. */
type World = {
  readonly job: Job;
  readonly request: ReturnType<typeof newRequest>;
  readonly attempts: AttemptKey[];
};
/** A number of the plan chooses among attempts, phases and owners. */
type Step = (world: World, choice: number) => Promise<unknown>;

const workers = ['one', 'two'];
const owners = ['alice', 'bob'];
const pick = <Value>(values: readonly Value[], choice: number): Value =>
  values[choice % values.length]!;

/** Mostly the attempt that is held, sometimes an older one, which must not be able to do anything. */
function attemptOf({ job, attempts }: World, choice: number): AttemptKey {
  const known = choice % 4 === 0 ? pick(attempts, choice) : attempts.at(-1);
  return known ?? { jobId: job.id, attempt: 0 };
}

/** As graphile-worker: fetches the queue job when it may run, and claims. */
async function deliver({ job, attempts }: World, worker: string): Promise<void> {
  const queueJob = await findQueueJob(pool, job.id);
  if (queueJob === null || queueJob.locked_by !== null || queueJob.run_at > new Date()) return;
  await beatWorker(pool, { id: worker, slots: 1 });
  await lockQueueJob(pool, job.id, worker);
  const claimed = await claimAttempt(pool, job.id, worker);
  if (claimed !== null) attempts.push({ jobId: job.id, attempt: claimed.attempt });
}

const steps: Record<string, Step> = {
  deliver: (world, choice) => deliver(world, pick(workers, choice)),
  describe: (world, choice) =>
    recordSource(pool, attemptOf(world, choice), {
      ...{ title: `${choice}`, uploader: null, durationSeconds: null, thumbnailUrl: null },
    }),
  enter(world, choice) {
    const phase = pick(jobPhases, choice);
    return enterPhase(pool, attemptOf(world, choice), phase, overallFraction(phase, 0));
  },
  progress: async (world, choice) =>
    writeProgress(pool, [
      {
        ...attemptOf(world, choice),
        phase: (await findJob(pool, world.job.id))?.progress.phase ?? 'RESOLVING',
        fraction: choice / 1_000,
        ...{ bytesDone: choice, bytesTotal: null, bytesPerSecond: null, etaSeconds: null },
      },
    ]),
  finish: (world, choice) => finishAttempt(pool, attemptOf(world, choice), newArtifact(), 24),
  fail: (world, choice) => failAttempt(pool, attemptOf(world, choice), 'PRIVATE'),
  async retryLater(world, choice) {
    const key = attemptOf(world, choice);
    const job = await findJob(pool, key.jobId);
    // The service plans no retry after the last attempt.
    if (job === null || key.attempt >= job.maxAttempts) return;
    await retryAttemptLater(pool, key, 'NETWORK', choice % 5 === 0 ? 60 : 0);
  },
  release: (world, choice) => releaseAttempt(pool, attemptOf(world, choice)),
  async crash(_, choice) {
    await pool.query(
      `update tapedeck.workers set seen_at = now() - interval '1 hour' where id = $1`,
      [pick(workers, choice)],
    );
    await rescueLostAttempts(pool, 6);
  },
  join: ({ request }, choice) => requestJob(pool, { ...request, ownerId: pick(owners, choice) }),
  cancel: ({ job }, choice) => cancelJob(pool, pick(owners, choice), job.id),
  retry: ({ job }, choice) => retryJob(pool, pick(owners, choice), job.id, 1 + (choice % 3)),
  delete: ({ job }, choice) => deleteJob(pool, pick(owners, choice), job.id),
  async expire({ job }, choice) {
    if (choice % 2 === 0) return expireOverQuota(pool, 0);
    await letTimePass(pool, job.id, 25 * 3_600);
    return expireDueArtifacts(pool, 500);
  },
  async sweep({ job }, choice) {
    if (choice % 2 === 0) await letTimePass(pool, job.id, 61);
    await enqueueForgottenJobs(pool);
    await deleteLeftoverRows(pool);
  },
};

/** What leads on from a status: three steps of four are one of these, so that a plan gets somewhere. */
const usual: Record<JobStatus, readonly (keyof typeof steps)[]> = {
  QUEUED: ['deliver', 'deliver', 'deliver', 'deliver', 'join', 'cancel'],
  RUNNING: [
    ...['enter', 'enter', 'progress', 'progress', 'describe', 'join'],
    ...['finish', 'finish', 'fail', 'retryLater', 'release', 'crash', 'cancel'],
  ],
  SUCCEEDED: ['expire', 'expire', 'join'],
  FAILED: ['retry', 'retry', 'sweep'],
  CANCELED: ['retry', 'retry', 'sweep'],
  EXPIRED: ['retry', 'retry', 'sweep'],
};

/** What callers see. Not the instants: the steps themselves move them. */
function visible(job: Job): object {
  const instants = { createdAt: null, updatedAt: null, finishedAt: null, expiresAt: null };
  return { ...job, ...instants, version: null };
}

function expectHonestStep(before: Job, after: Job): void {
  const hasChanged = JSON.stringify(visible(before)) !== JSON.stringify(visible(after));
  if (hasChanged) expect(after.version).toBeGreaterThan(before.version);
  else expect(after.version).toBeGreaterThanOrEqual(before.version);
  if (after.status !== before.status) expect(transitions[before.status]).toContain(after.status);
  const isRetry = isTerminal(before.status) && after.status === 'QUEUED';
  const isNewAttempt = before.status === 'QUEUED' && after.status === 'RUNNING';
  expect(after.attempt - before.attempt).toBe(isNewAttempt ? 1 : 0);
  expect(after.attempt).toBeLessThanOrEqual(after.maxAttempts);
  // A caller's retry begins anew, before its first attempt.
  if (after.attempt === before.attempt && !isRetry) {
    expect(after.progress.fraction).toBeGreaterThanOrEqual(before.progress.fraction);
  }
}

/** An accepted job is never left behind: as long as it is queued, somebody will be told to run it. */
function expectDelivery(job: Job, queueJob: QueueJob | null): void {
  if (job.status !== 'QUEUED') return;
  expect(queueJob?.is_in_place).toBe(true);
  expect(queueJob?.locked_by ?? null).toBeNull();
}

test('whatever happens in whatever order, every promise holds after each step', async () => {
  const seen = new Set<string>();
  const drawn = fc.record({
    isUsual: fc.nat(3).map((nth) => nth > 0),
    nth: fc.nat(),
    choice: fc.nat(999),
  });
  const plan = fc.array(drawn, { minLength: 15, maxLength: 30, size: 'max' });
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const request = newRequest({ maxAttempts: 2 });
      const { job: first } = (await requestJob(pool, request))!;
      const world: World = { job: first, request, attempts: [] };
      let before: Job = first;
      for (const { isUsual, nth, choice } of planned) {
        const name = pick(isUsual ? usual[before.status] : Object.keys(steps), nth);
        await steps[name]!(world, choice);
        const after = await findJob(pool, first.id);
        if (after === null) {
          expect({ name, wasTerminal: isTerminal(before.status) }).toEqual({
            ...{ name: 'delete', wasTerminal: true },
          });
          break;
        }
        expectHonestStep(before, after);
        expectDelivery(after, await findQueueJob(pool, first.id));
        if (after.status !== before.status) seen.add(`${before.status} → ${after.status}`);
        before = after;
      }
      await removeAllJobs(pool);
    }),
    { numRuns: 40, seed: 2026 },
  );
  // Else the plans were too tame.
  expect(seen.size).toBe(Object.values(transitions).flat().length);
});
