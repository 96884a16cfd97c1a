import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cancelJob, deleteJob } from '../../../src/db/actions.ts';
import { claimAttempt, finishAttempt } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { requestJob } from '../../../src/db/requests.ts';
import type { JobRequest } from '../../../src/db/requests.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, keyOf, newArtifact, newRequest, ownersOf } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

async function outcomeOf(request: JobRequest): Promise<string> {
  return (await requestJob(pool, request))?.outcome ?? 'IDEMPOTENCY_KEY_REUSED';
}

async function countRows(request: JobRequest): Promise<{ jobs: number; queueJobs: number }> {
  const { rows } = await pool.query<{ jobs: number; queueJobs: number }>(
    `select count(*)::integer as jobs, count(q.id)::integer as "queueJobs"
     from tapedeck.jobs j left join graphile_worker.jobs q on q.key = j.id::text
     where j.external_id = $1`,
    [request.source.externalId],
  );
  return rows[0]!;
}

describe('an idempotency key', () => {
  const idempotency = { key: 'key', argumentsHash: 'hash' };

  test('replays its job, in its present state and whatever reuse it allows', async () => {
    const request = newRequest({ ownerId: 'replays', mayReuse: false, idempotency });
    const { job } = (await requestJob(pool, request))!;
    const running = await claimAttempt(pool, job.id, 'worker');
    expect(await requestJob(pool, request)).toEqual({ outcome: 'REPLAYED', job: running });
    await finishAttempt(pool, keyOf(running!), newArtifact(), 24);
    expect((await requestJob(pool, request))?.job.status).toBe('SUCCEEDED');
    expect((await countRows(request)).jobs).toBe(1);
  });

  test('replays the answer to a JOINED or REUSED request too', async () => {
    const request = newRequest();
    const job = await createJob(pool, 'RUNNING', request);
    const keyed = { ...request, ownerId: 'replays join', idempotency };
    expect(await outcomeOf(keyed)).toBe('JOINED');
    await finishAttempt(pool, keyOf(job), newArtifact(), 24);
    expect(await outcomeOf(keyed)).toBe('REPLAYED');
    const late = { ...request, ownerId: 'replays reuse', idempotency };
    expect([await outcomeOf(late), await outcomeOf(late)]).toEqual(['REUSED', 'REPLAYED']);
  });

  test('of other arguments is refused, and nothing is made', async () => {
    const request = newRequest({ ownerId: 'reuses', idempotency });
    await requestJob(pool, request);
    const other = newRequest({
      ownerId: 'reuses',
      idempotency: { ...idempotency, argumentsHash: 'other' },
    });
    expect(await requestJob(pool, other)).toBeNull();
    expect(await countRows(other)).toEqual({ jobs: 0, queueJobs: 0 });
  });

  test("is its owner's own", async () => {
    await requestJob(pool, newRequest({ ownerId: 'one', idempotency }));
    expect(await outcomeOf(newRequest({ ownerId: 'two', idempotency }))).toBe('CREATED');
  });

  test('is forgotten after 24 hours', async () => {
    const request = newRequest({ ownerId: 'forgets', idempotency });
    const other = { ...idempotency, argumentsHash: 'other' };
    await requestJob(pool, request);
    const age = (interval: string) =>
      pool.query(
        `update tapedeck.idempotency_keys set created_at = now() - $1::interval
         where owner_id = 'forgets'`,
        [interval],
      );
    await age('23 hours 59 minutes');
    expect(await outcomeOf({ ...request, idempotency: other })).toBe('IDEMPOTENCY_KEY_REUSED');
    await age('24 hours 1 second');
    expect(await outcomeOf({ ...request, idempotency: other })).toBe('JOINED');
    expect(await outcomeOf({ ...request, idempotency: other })).toBe('REPLAYED');
  });

  test('is forgotten with its job', async () => {
    const request = newRequest({ ownerId: 'deletes', idempotency });
    const { job } = (await requestJob(pool, request))!;
    await cancelJob(pool, 'deletes', job.id);
    await deleteJob(pool, 'deletes', job.id);
    expect(await outcomeOf(request)).toBe('CREATED');
  });

  test('never shows a job that its owner has left to others', async () => {
    const request = newRequest({ ownerId: 'leaves', idempotency });
    const { job } = (await requestJob(pool, request))!;
    await requestJob(pool, { ...request, ownerId: 'stays', idempotency: null });
    await cancelJob(pool, 'leaves', job.id);
    expect(await outcomeOf(request)).toBe('JOINED');
    expect(await ownersOf(pool, job.id)).toEqual(['leaves', 'stays']);
  });
});
