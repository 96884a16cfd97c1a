import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database, PreparedStatement } from '../../../src/db/pool.ts';
import { requestJobs } from '../../../src/db/requests.ts';
import { createRequestBatches } from '../../../src/services/requestBatches.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { findQueueJob, newRequest, newSource, removeAllJobs } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterEach(() => removeAllJobs(pool));
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** A row too large for its index, which cannot squeeze it either: Postgres refuses it, whatever else is in the batch. */
const impossible = () =>
  newRequest({ source: { ...newSource(), externalId: randomBytes(9_000).toString('hex') } });

/** The transactions that wrote jobs. */
async function writers(): Promise<string[]> {
  const { rows } = await pool.query<{ xmin: string }>(
    'select distinct xmin::text from tapedeck.jobs',
  );
  return rows.map(({ xmin }) => xmin);
}

async function sourcesInQueueOrder(): Promise<string[]> {
  const { rows } = await pool.query<{ external_id: string }>(
    `select j.external_id from tapedeck.jobs j join graphile_worker.jobs q on q.key = j.id::text order by q.id`,
  );
  return rows.map(({ external_id: id }) => id);
}

describe('requests that arrive together', () => {
  test('are committed in one transaction, each with its queue job', async () => {
    const commit = createRequestBatches(pool);
    const accepted = await Promise.all(Array.from({ length: 20 }, () => commit(newRequest())));
    expect(await writers()).toHaveLength(1);
    for (const answer of accepted) {
      expect(answer?.outcome).toBe('CREATED');
      expect(await findQueueJob(pool, answer!.job.id)).not.toBeNull();
    }
  });

  test('get each its own answer, in whatever order they ran', async () => {
    const commit = createRequestBatches(pool);
    const requests = Array.from({ length: 30 }, () => newRequest());
    const accepted = await Promise.all(requests.map(commit));
    expect(accepted.map((answer) => answer?.job.source)).toEqual(
      requests.map(({ source }) => source),
    );
  });

  test('for the same video share one job: the first creates it, the others join', async () => {
    const commit = createRequestBatches(pool);
    const request = newRequest();
    const accepted = await Promise.all(
      ['alice', 'bob', 'carol'].map((ownerId) => commit({ ...request, ownerId })),
    );
    expect(accepted.map((answer) => answer?.outcome)).toEqual(['CREATED', 'JOINED', 'JOINED']);
    expect(new Set(accepted.map((answer) => answer?.job.id)).size).toBe(1);
    expect(await sourcesInQueueOrder()).toHaveLength(1);
  });

  test('with the same key are one request, and another one with that key is refused', async () => {
    const commit = createRequestBatches(pool);
    const request = newRequest({ idempotency: { key: 'k', argumentsHash: 'a' } });
    const other = newRequest({ idempotency: { key: 'k', argumentsHash: 'b' } });
    const accepted = await Promise.all([commit(request), commit(request), commit(other)]);
    const outcomes = accepted.map((answer) => answer?.outcome ?? 'refused');
    // Which of the two videos comes first is not said.
    expect([...outcomes].toSorted()).toEqual(
      outcomes[2] === 'refused'
        ? ['CREATED', 'REPLAYED', 'refused']
        : ['CREATED', 'refused', 'refused'],
    );
  });

  test('fail one by one: the fault of one leaves the others accepted', async () => {
    const commit = createRequestBatches(pool);
    const requests = [newRequest(), impossible(), newRequest(), impossible(), newRequest()];
    const settled = await Promise.allSettled(requests.map(commit));
    expect(settled.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
    ]);
    expect((await sourcesInQueueOrder()).toSorted()).toEqual(
      [0, 2, 4].map((place) => requests[place]!.source.externalId).toSorted(),
    );
  });

  test('do not wait for ever when two processes have them in opposite orders', async () => {
    const [one, other] = [createRequestBatches(pool), createRequestBatches(pool)];
    const requests = Array.from({ length: 50 }, () => newRequest());
    const answers = await Promise.all([
      ...requests.map(one),
      ...requests.toReversed().map((request) => other({ ...request, ownerId: 'bob' })),
    ]);
    const outcomes = answers.map((answer) => answer?.outcome);
    expect(outcomes.filter((outcome) => outcome === 'CREATED')).toHaveLength(50);
    expect(outcomes.filter((outcome) => outcome === 'JOINED')).toHaveLength(50);
  });

  test('are all accepted when more come than fit into one batch', async () => {
    const commit = createRequestBatches(pool);
    const accepted = await Promise.all(Array.from({ length: 250 }, () => commit(newRequest())));
    expect(new Set(accepted.map((answer) => answer?.job.id)).size).toBe(250);
    expect((await writers()).length).toBe(3);
  });
});

test('while a batch is under way, requests gather for the next one', async () => {
  const sizes: number[] = [];
  const gate = Promise.withResolvers<void>();
  const slow = {
    async query(statement: PreparedStatement) {
      sizes.push((statement.values[0] as string[]).length);
      await gate.promise;
      return pool.query(statement);
    },
  } as unknown as Database;
  const commit = createRequestBatches(slow);
  const answers: Promise<unknown>[] = [];
  for (const arriving of [1, 3, 2, 4]) {
    answers.push(...Array.from({ length: arriving }, () => commit(newRequest())));
    await new Promise(setImmediate);
  }
  expect(sizes).toEqual([1]);
  gate.resolve();
  await Promise.all(answers);
  expect(sizes).toEqual([1, 9]);
});

test('an answer that never came fails the whole batch, and nothing is asked twice', async () => {
  let calls = 0;
  const lost = {
    async query() {
      calls += 1;
      throw new Error('Connection terminated unexpectedly');
    },
  } as unknown as Database;
  const commit = createRequestBatches(lost);
  const settled = await Promise.allSettled([newRequest(), newRequest()].map(commit));
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(calls).toBe(1);
});

test('when the database goes away while a batch is tried apart, the others do not wait for it in turn', async () => {
  let calls = 0;
  const failing = {
    async query() {
      calls += 1;
      if (calls === 1) throw new Error('one of them is at fault');
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    },
  } as unknown as Database;
  const commit = createRequestBatches(failing);
  const settled = await Promise.allSettled(Array.from({ length: 5 }, () => commit(newRequest())));
  expect(settled.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  expect(calls).toBe(2);
});

test('a batch that cannot be written leaves neither rows nor queue jobs', async () => {
  await expect(requestJobs(pool, [newRequest(), impossible()])).rejects.toThrow('index');
  expect(await writers()).toEqual([]);
  expect((await pool.query('select from graphile_worker.jobs')).rows).toEqual([]);
});
