import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Database, Queryable } from '../../../src/db/pool.ts';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { InvalidArgument } from '../../../src/services/invalidArgument.ts';
import { createJobQueries } from '../../../src/services/jobQueries.ts';
import type { JobQueries } from '../../../src/services/jobQueries.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, newSource, queueInOrder } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
let queries: JobQueries;
const statements: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
  const db: Queryable = {
    query(statement, values) {
      statements.push(typeof statement === 'string' ? statement : statement.text);
      return pool.query(statement, values);
    },
  };
  const { allowedHosts } = parseAllowedHosts('');
  queries = createJobQueries({ db, allowedHosts, workerLostAfterSeconds: 6 });
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

test("jobs come in the order they were asked for, null where there is none of the caller's", async () => {
  const [first, second, foreign] = [
    await createJob(pool, 'QUEUED'),
    await createJob(pool, 'FAILED'),
    await createJob(pool, 'FAILED', { ownerId: 'bob' }),
  ];
  const asked = [second.id, null, foreign.id, first.id, randomUUID(), second.id];
  expect(await queries.findJobs('alice', asked)).toEqual([
    ...[second, null, null, first, null, second],
  ]);
});

test('more than 100 jobs at once are refused in a sentence', async () => {
  const asked = Array.from({ length: 101 }, () => randomUUID());
  expect(await queries.findJobs('alice', asked.slice(1))).toEqual(Array(100).fill(null));
  await expect(queries.findJobs('alice', asked)).rejects.toThrow(InvalidArgument);
});

test('the places of many jobs cost one statement, and are never remembered', async () => {
  const jobs = [await createJob(pool, 'QUEUED'), await createJob(pool, 'QUEUED')];
  await queueInOrder(pool, jobs);
  const countAll = () => Promise.all(jobs.map(({ id }) => queries.countAhead(id)));
  statements.length = 0;
  const [first, second] = await countAll();
  expect(statements).toHaveLength(1);
  expect(second).toBeGreaterThan(first!);
  await pool.query(`delete from tapedeck.jobs where id <> all($1)`, [jobs.map(({ id }) => id)]);
  expect(await countAll()).toEqual([0, 1]);
});

test.each([0, -1, 1_441])('a window of %d minutes is refused in a sentence', async (minutes) => {
  await expect(queries.readQueueWindow(minutes)).rejects.toThrow(InvalidArgument);
  await expect(queries.readQueueIntervals(minutes)).rejects.toThrow(InvalidArgument);
  await expect(queries.countFailures(minutes)).rejects.toThrow(InvalidArgument);
});

test('a search of more than 200 characters is refused in a sentence', async () => {
  const page = { first: null, after: null, last: null, before: null };
  const rest = { statuses: null, sourceUrl: null, createdAfter: null, createdBefore: null };
  const order = { field: 'CREATED_AT', direction: 'DESC' } as const;
  const search = (length: number) =>
    queries.readHistory('searcher', page, { ...rest, search: 'a'.repeat(length) }, order);
  expect((await search(200)).edges).toEqual([]);
  await expect(search(201)).rejects.toThrow(InvalidArgument);
});

test('the history of one video is found by any spelling of its address, of none by a bad one', async () => {
  const source = newSource();
  const { id } = await createJob(pool, 'CANCELED', { ownerId: 'searcher', source });
  await createJob(pool, 'CANCELED', { ownerId: 'searcher' });
  const find = async (sourceUrl: string) => {
    const page = { first: null, after: null, last: null, before: null };
    const rest = { statuses: null, search: null, createdAfter: null, createdBefore: null };
    const order = { field: 'CREATED_AT', direction: 'DESC' } as const;
    const { edges } = await queries.readHistory('searcher', page, { ...rest, sourceUrl }, order);
    return edges.map(({ node }) => node.id);
  };
  expect(await find(source.canonicalUrl)).toEqual([id]);
  expect(await find(`youtu.be/${source.externalId}?si=x`)).toEqual([id]);
  expect(await find('https://example.com/')).toEqual([]);
  expect(await find('nonsense')).toEqual([]);
});
