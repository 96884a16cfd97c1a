// The attempt is the fence: a task that lost its own cannot write, with any statement, however it was lost.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cancelJob } from '../../../src/db/actions.ts';
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
import type { Job } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, keyOf, newArtifact } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const source = { title: 'A', uploader: 'B', durationSeconds: 1, thumbnailUrl: null };
const progress = {
  phase: 'RESOLVING',
  ...{ fraction: 0.04, bytesDone: 1, bytesTotal: 2, bytesPerSecond: 3, etaSeconds: 4 },
} as const;

describe('a lost attempt', () => {
  const takenAway: [how: string, takeAway: (job: Job) => Promise<unknown>][] = [
    ['canceled', (job) => cancelJob(pool, 'alice', job.id)],
    ['handed back', (job) => releaseAttempt(pool, keyOf(job))],
    [
      'followed by the next one',
      async (job) => {
        await releaseAttempt(pool, keyOf(job));
        // By the same worker even: the attempt is the fence, not the worker.
        await claimAttempt(pool, job.id, 'worker');
      },
    ],
    ['finished', (job) => finishAttempt(pool, keyOf(job), newArtifact(), 24)],
    ['failed', (job) => failAttempt(pool, keyOf(job), 'PRIVATE')],
    [
      'deleted',
      async (job) => {
        await failAttempt(pool, keyOf(job), 'PRIVATE');
        await pool.query(`delete from tapedeck.jobs where id = $1`, [job.id]);
      },
    ],
  ];
  const writes: [name: string, write: (key: AttemptKey) => Promise<unknown>][] = [
    ['enterPhase', (key) => enterPhase(pool, key, 'RESOLVING', 0.04)],
    ['recordSource', (key) => recordSource(pool, key, source)],
    ['finishAttempt', (key) => finishAttempt(pool, key, newArtifact(), 24)],
    ['failAttempt', (key) => failAttempt(pool, key, 'INTERNAL')],
    ['retryAttemptLater', (key) => retryAttemptLater(pool, key, 'INTERNAL', 1)],
    ['releaseAttempt', (key) => releaseAttempt(pool, key)],
    [
      'writeProgress',
      async (key) => (await writeProgress(pool, [{ ...key, ...progress }])) ?? null,
    ],
  ];

  describe.each(takenAway)('that was %s', (_, takeAway) => {
    test.each(writes)('writes nothing with %s', async (__, write) => {
      const job = await createJob(pool, 'RUNNING');
      await takeAway(job);
      const rows = async () => {
        const { rows: all } = await pool.query(
          `select j.*, q.id as queue_id, q.run_at as due, q.revision
           from tapedeck.jobs j left join graphile_worker.jobs q on q.key = j.id::text
           where j.id = $1`,
          [job.id],
        );
        return all;
      };
      const before = await rows();
      expect(await write(keyOf(job))).toBeNull();
      expect(await rows()).toEqual(before);
    });
  });
});
