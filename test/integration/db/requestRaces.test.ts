// Calls that meet: what each of two callers is told, and what is in the tables afterwards.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cancelJob, deleteJob } from '../../../src/db/actions.ts';
import { finishAttempt } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { requestJob } from '../../../src/db/requests.ts';
import type { JobRequest } from '../../../src/db/requests.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { inTurns } from '../../support/inTurns.ts';
import {
  createJob,
  findJob,
  findQueueJob,
  keyOf,
  newArtifact,
  newRequest,
  ownersOf,
  readJob,
} from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

async function countRows(request: JobRequest): Promise<{ jobs: number; queueJobs: number }> {
  const { rows } = await pool.query<{ jobs: number; queueJobs: number }>(
    `select count(*)::integer as jobs, count(q.id)::integer as "queueJobs"
     from tapedeck.jobs j left join graphile_worker.jobs q on q.key = j.id::text
     where j.external_id = $1`,
    [request.source.externalId],
  );
  return rows[0]!;
}

function countOutcomes(outcomes: readonly (string | undefined)[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(outcomes, String)).map(([name, all]) => [name, all!.length]),
  );
}

describe('at once', () => {
  test('50 identical requests make one job and one queue job', async () => {
    const request = newRequest();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        requestJob(pool, { ...request, ownerId: `owner ${index}` }),
      ),
    );
    expect(countOutcomes(answers.map((answer) => answer?.outcome))).toEqual({
      CREATED: 1,
      JOINED: 49,
    });
    expect(new Set(answers.map((answer) => answer?.job.id)).size).toBe(1);
    expect(await countRows(request)).toEqual({ jobs: 1, queueJobs: 1 });
    expect(await ownersOf(pool, answers[0]!.job.id)).toHaveLength(50);
  });

  test('20 calls with one idempotency key make one job, and the rest replay it', async () => {
    const request = newRequest({ idempotency: { key: 'at once', argumentsHash: 'hash' } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => requestJob(pool, request)));
    expect(countOutcomes(answers.map((answer) => answer?.outcome))).toEqual({
      CREATED: 1,
      REPLAYED: 19,
    });
    expect(new Set(answers.map((answer) => answer?.job.id)).size).toBe(1);
    expect(await countRows(request)).toEqual({ jobs: 1, queueJobs: 1 });
  });

  test('a request and the end of the job it asks for make no second conversion', async () => {
    const outcomes = await inTurns(200, async () => {
      const request = newRequest();
      const running = await createJob(pool, 'RUNNING', request);
      const [answer] = await Promise.all([
        requestJob(pool, { ...request, ownerId: 'bob' }),
        finishAttempt(pool, keyOf(running), newArtifact(), 24),
      ]);
      expect(answer?.job.id).toBe(running.id);
      expect(await countRows(request)).toMatchObject({ jobs: 1 });
      return answer?.outcome;
    });
    expect(outcomes).not.toContain('CREATED');
  });

  test('a request and the cancellation of its job leave the newcomer with an active job', async () => {
    await inTurns(100, async () => {
      const request = newRequest();
      const { id } = await createJob(pool, 'QUEUED', request);
      const [answer, canceled] = await Promise.all([
        requestJob(pool, { ...request, ownerId: 'bob' }),
        cancelJob(pool, 'alice', id),
      ]);
      const job = await readJob(pool, answer!.job.id);
      expect({ status: job.status, outcome: answer!.outcome, canceled: canceled.kind }).toEqual(
        answer!.outcome === 'JOINED'
          ? { status: 'QUEUED', outcome: 'JOINED', canceled: 'LEFT' }
          : { status: 'QUEUED', outcome: 'CREATED', canceled: 'CANCELED' },
      );
      expect(await findQueueJob(pool, job.id)).not.toBeNull();
    });
  });

  test('a request and the deletion of the MP3 it would reuse never meet half-way', async () => {
    await inTurns(100, async () => {
      const request = newRequest();
      const { id } = await createJob(pool, 'SUCCEEDED', request);
      const [answer, deleted] = await Promise.all([
        requestJob(pool, { ...request, ownerId: 'bob' }),
        deleteJob(pool, 'alice', id),
      ]);
      const isReused = answer!.outcome === 'REUSED';
      expect(deleted).toMatchObject({ kind: 'DELETED' });
      expect(deleted).toHaveProperty('orphan', isReused ? null : expect.objectContaining({ id }));
      expect((await readJob(pool, answer!.job.id)).status).toBe(isReused ? 'SUCCEEDED' : 'QUEUED');
      expect((await findJob(pool, id)) === null).toBe(!isReused);
    });
  });

  test('a replay and the deletion of its job never answer without a job', async () => {
    await inTurns(50, async (turn) => {
      const ownerId = `replays ${turn}`;
      const idempotency = { key: 'key', argumentsHash: 'hash' };
      const request = newRequest({ ownerId, idempotency });
      const { id } = await createJob(pool, 'CANCELED', request);
      const [answer] = await Promise.all([requestJob(pool, request), deleteJob(pool, ownerId, id)]);
      expect(answer?.job).toMatchObject({ source: request.source });
    });
  });
});
