// Every statement that writes a job, against every status: what it may do there, and that it does nothing else.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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
import type { Database } from '../../../src/db/pool.ts';
import { writeProgress } from '../../../src/db/progress.ts';
import { requestJob } from '../../../src/db/requests.ts';
import {
  deleteLeftoverRows,
  enqueueForgottenJobs,
  expireDueArtifacts,
  expireLostArtifact,
  expireOverQuota,
} from '../../../src/db/upkeep.ts';
import { beatWorker, rescueLostAttempts } from '../../../src/db/workers.ts';
import { jobStatuses, transitions } from '../../../src/domain/job.ts';
import type { Job, JobStatus } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, findJob, keyOf, letTimePass, newArtifact } from '../../support/jobs.ts';
import { listen } from '../../support/listener.ts';
import type { Listener } from '../../support/listener.ts';

let database: TestDatabase;
let pool: Database;
let listener: Listener;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
  listener = await listen(database);
});
afterAll(async () => {
  await listener[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const source = { title: 'A', uploader: 'B', durationSeconds: 1, thumbnailUrl: null };
const progress = {
  phase: 'RESOLVING',
  fraction: 0.04,
  bytesDone: 1,
  bytesTotal: 2,
  bytesPerSecond: 3,
  etaSeconds: 4,
} as const;

type Statement = {
  /** Where it does something: from which status to which. Same status: it writes data only. */
  readonly moves: Partial<Record<JobStatus, JobStatus | 'gone'>>;
  readonly run: (job: Job) => Promise<unknown>;
};

const statements: Record<string, Statement> = {
  claimAttempt: {
    moves: { QUEUED: 'RUNNING' },
    run: (job) => claimAttempt(pool, job.id, 'another worker'),
  },
  enterPhase: {
    moves: { RUNNING: 'RUNNING' },
    run: (job) => enterPhase(pool, keyOf(job), 'TAGGING', 0.95),
  },
  recordSource: {
    moves: { RUNNING: 'RUNNING' },
    run: (job) => recordSource(pool, keyOf(job), source),
  },
  writeProgress: {
    moves: { RUNNING: 'RUNNING' },
    run: (job) => writeProgress(pool, [{ ...keyOf(job), ...progress }]),
  },
  finishAttempt: {
    moves: { RUNNING: 'SUCCEEDED' },
    run: (job) => finishAttempt(pool, keyOf(job), newArtifact(), 24),
  },
  failAttempt: {
    moves: { RUNNING: 'FAILED' },
    run: (job) => failAttempt(pool, keyOf(job), 'PRIVATE'),
  },
  retryAttemptLater: {
    moves: { RUNNING: 'QUEUED' },
    run: (job) => retryAttemptLater(pool, keyOf(job), 'NETWORK', 60),
  },
  releaseAttempt: {
    moves: { RUNNING: 'QUEUED' },
    run: (job) => releaseAttempt(pool, keyOf(job)),
  },
  'rescueLostAttempts with attempts left': {
    moves: { RUNNING: 'QUEUED' },
    run: () => rescueLostAttempts(pool, 6),
  },
  'rescueLostAttempts after the last': {
    moves: { RUNNING: 'FAILED' },
    async run(job) {
      await pool.query(
        `update tapedeck.jobs set max_attempts = attempt where id = $1 and attempt > 0`,
        [job.id],
      );
      await rescueLostAttempts(pool, 6);
    },
  },
  'rescueLostAttempts of a living worker': {
    moves: {},
    async run() {
      await beatWorker(pool, { id: 'worker', slots: 1 });
      await rescueLostAttempts(pool, 6);
      await pool.query(`delete from tapedeck.workers`);
    },
  },
  cancelJob: {
    moves: { QUEUED: 'CANCELED', RUNNING: 'CANCELED' },
    run: (job) => cancelJob(pool, 'alice', job.id),
  },
  'cancelJob of a stranger': {
    moves: {},
    run: (job) => cancelJob(pool, 'mallory', job.id),
  },
  retryJob: {
    moves: { FAILED: 'QUEUED', CANCELED: 'QUEUED', EXPIRED: 'QUEUED' },
    run: (job) => retryJob(pool, 'alice', job.id, 5),
  },
  'retryJob of a stranger': {
    moves: {},
    run: (job) => retryJob(pool, 'mallory', job.id, 5),
  },
  deleteJob: {
    moves: { SUCCEEDED: 'gone', FAILED: 'gone', CANCELED: 'gone', EXPIRED: 'gone' },
    run: (job) => deleteJob(pool, 'alice', job.id),
  },
  'deleteJob of a stranger': {
    moves: {},
    run: (job) => deleteJob(pool, 'mallory', job.id),
  },
  expireDueArtifacts: {
    moves: { SUCCEEDED: 'EXPIRED' },
    async run(job) {
      await letTimePass(pool, job.id, 25 * 3_600);
      await expireDueArtifacts(pool, 500);
    },
  },
  'expireDueArtifacts before their time': {
    moves: {},
    run: () => expireDueArtifacts(pool, 500),
  },
  expireOverQuota: {
    moves: { SUCCEEDED: 'EXPIRED' },
    run: () => expireOverQuota(pool, 0),
  },
  expireLostArtifact: {
    moves: { SUCCEEDED: 'EXPIRED' },
    run: (job) => expireLostArtifact(pool, keyOf(job)),
  },
  'expireLostArtifact of another attempt': {
    moves: {},
    run: (job) => expireLostArtifact(pool, { ...keyOf(job), attempt: job.attempt + 1 }),
  },
  'the same request, without reuse': {
    moves: {},
    run: ({ source: video, options }) =>
      requestJob(pool, {
        ...{ ownerId: 'alice', source: video, options, maxAttempts: 9 },
        ...{ mayReuse: false, idempotency: null },
      }),
  },
  enqueueForgottenJobs: { moves: {}, run: () => enqueueForgottenJobs(pool) },
  deleteLeftoverRows: { moves: {}, run: () => deleteLeftoverRows(pool) },
};

describe.each(Object.entries(statements))('%s', (_, { moves, run }) => {
  test.each(jobStatuses.map((from) => [from, moves[from] ?? 'nothing'] as const))(
    'of a job that is %s: %s',
    async (from, expected) => {
      const job = await createJob(pool, from);
      await listener.heard();
      await run(job);
      const after = await findJob(pool, job.id);
      const wasAnnounced = (await listener.heard()).includes(job.id);
      if (expected === 'gone') {
        expect(after).toBeNull();
      } else if (expected === 'nothing') {
        expect(withoutClock(after!)).toEqual(withoutClock(job));
      } else {
        expect(after).toMatchObject({ status: expected, version: job.version + 1 });
      }
      expect(wasAnnounced).toBe(expected !== 'nothing');
    },
  );
});

/** Without what the tests themselves move in time. */
function withoutClock(job: Job): object {
  const instants = { createdAt: null, updatedAt: null, finishedAt: null, expiresAt: null };
  return { ...job, ...instants, maxAttempts: null };
}

test('together the statements make exactly the moves of the status machine', () => {
  const made = Object.values(statements).flatMap(({ moves }) =>
    Object.entries(moves).filter(([from, to]) => from !== to && to !== 'gone'),
  );
  const allowed = jobStatuses.flatMap((from) => transitions[from].map((to) => [from, to]));
  const toText = (pairs: string[][]) =>
    [...new Set(pairs.map((pair) => pair.join(' → ')))].toSorted();
  expect(toText(made)).toEqual(toText(allowed));
});
