import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { HistoryFilter, HistoryOrder } from '../../../src/db/history.ts';
import type { Database } from '../../../src/db/pool.ts';
import { isTerminal, jobStatuses } from '../../../src/domain/job.ts';
import type { JobStatus } from '../../../src/domain/job.ts';
import { readHistoryPage } from '../../../src/services/history.ts';
import type { PageArguments } from '../../../src/services/history.ts';
import { InvalidArgument } from '../../../src/services/invalidArgument.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const everything: HistoryFilter = {
  statuses: null,
  words: null,
  source: null,
  createdAfter: null,
  createdBefore: null,
};
const newestFirst: HistoryOrder = { field: 'CREATED_AT', direction: 'DESC' };
const orders = (['CREATED_AT', 'FINISHED_AT'] as const).flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })),
);

function pageOf(page: Partial<PageArguments>): PageArguments {
  return { first: null, after: null, last: null, before: null, ...page };
}

/** Instants are milliseconds after a common one: a few of them, so that many jobs share one. */
type Row = { readonly status: JobStatus; readonly createdAt: number; readonly ranFor: number };
type Stored = Row & { readonly id: string };

/** Stores jobs of one owner as they may come to be, whatever led there. */
async function store(ownerId: string, rows: readonly Row[]): Promise<Stored[]> {
  const { rows: stored } = await pool.query<Stored>(
    `with given as (
       select gen_random_uuid() as id, r.* from unnest($2::text[], $3::integer[], $4::integer[])
         as r(status, created_at, ran_for)),
     made as (
       insert into tapedeck.jobs (
         id, status, site, external_id, source_url, quality, embed_thumbnail, max_attempts,
         worker_id, phase, failure_code, failed_at, created_at, finished_at,
         artifact_token, artifact_size_bytes, artifact_sha256, artifact_duration_seconds,
         artifact_bitrate_kbps)
       select id, status, 'example.com', id::text, 'https://example.com/', 'KBPS_192', true, 5,
         case when status = 'RUNNING' then 'worker' end,
         case when status = 'RUNNING' then 'RESOLVING' end,
         case when status = 'FAILED' then 'PRIVATE' end,
         case when status = 'FAILED' then now() end,
         '2026-01-01'::timestamptz + created_at * interval '1 millisecond',
         case when status not in ('QUEUED', 'RUNNING')
           then '2026-01-01'::timestamptz + (created_at + ran_for) * interval '1 millisecond' end,
         case when status in ('SUCCEEDED', 'EXPIRED') then id::text end,
         case when status in ('SUCCEEDED', 'EXPIRED') then 1 end,
         case when status in ('SUCCEEDED', 'EXPIRED') then '' end,
         case when status in ('SUCCEEDED', 'EXPIRED') then 1 end,
         case when status in ('SUCCEEDED', 'EXPIRED') then 1 end
       from given returning id),
     owned as (insert into tapedeck.job_owners (owner_id, job_id) select $1, id from made)
     select id, status, created_at as "createdAt", ran_for as "ranFor" from given`,
    [
      ownerId,
      rows.map(({ status }) => status),
      rows.map(({ createdAt }) => createdAt),
      rows.map(({ ranFor }) => ranFor),
    ],
  );
  return stored;
}

/** The ids in order, as the contract says it: by the instant, unfinished jobs latest, then by id. */
function sorted(jobs: readonly Stored[], { field, direction }: HistoryOrder): string[] {
  const instantOf = ({ status, createdAt, ranFor }: Stored) => {
    if (field === 'CREATED_AT') return createdAt;
    return isTerminal(status) ? createdAt + ranFor : Infinity;
  };
  const ascending = jobs.toSorted((a, b) => {
    const [first, second] = [instantOf(a), instantOf(b)];
    if (first !== second) return first < second ? -1 : 1;
    return a.id < b.id ? -1 : 1;
  });
  return (direction === 'ASC' ? ascending : ascending.toReversed()).map(({ id }) => id);
}

type Walk = {
  readonly ownerId: string;
  readonly filter: HistoryFilter;
  readonly order: HistoryOrder;
  readonly size: number;
};

async function walkForwards({ ownerId, filter, order, size }: Walk): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | null = null; ;) {
    const page = pageOf({ first: size, after });
    const { edges, hasNextPage, hasPreviousPage } = await readHistoryPage(
      ...([pool, ownerId, page, filter, order] as const),
    );
    pages.push(edges.map(({ node }) => node.id));
    expect(hasPreviousPage).toBe(after !== null);
    if (!hasNextPage) return pages;
    after = edges.at(-1)!.cursor;
  }
}

async function walkBackwards({ ownerId, filter, order, size }: Walk): Promise<string[][]> {
  const pages: string[][] = [];
  for (let before: string | null = null; ;) {
    const page = pageOf({ last: size, before });
    const { edges, hasNextPage, hasPreviousPage } = await readHistoryPage(
      ...([pool, ownerId, page, filter, order] as const),
    );
    pages.unshift(edges.map(({ node }) => node.id));
    expect(hasNextPage).toBe(before !== null);
    if (!hasPreviousPage) return pages;
    before = edges[0]!.cursor;
  }
}

describe('walking through a history', () => {
  test('by any page size, order and filter, either way, shows each job once and in order', async () => {
    const row = fc.record({
      status: fc.constantFrom(...jobStatuses),
      createdAt: fc.nat(6),
      ranFor: fc.nat(4),
    });
    const walks = fc.record({
      rows: fc.array(row, { maxLength: 25 }),
      order: fc.constantFrom(...orders),
      statuses: fc.option(fc.subarray([...jobStatuses])),
      from: fc.option(fc.nat(6)),
      size: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(walks, async ({ rows, order, statuses, from, size }) => {
        const ownerId = randomUUID();
        const stored = await store(ownerId, rows);
        const createdAfter = from === null ? null : new Date(Date.UTC(2026, 0, 1) + from);
        const filter = { ...everything, statuses, createdAfter };
        const wanted = sorted(
          stored.filter(
            ({ status, createdAt }) =>
              (statuses === null || statuses.includes(status)) && createdAt >= (from ?? 0),
          ),
          order,
        );
        const walk = { ownerId, filter, order, size };
        const forwards = await walkForwards(walk);
        const backwards = await walkBackwards(walk);
        expect(forwards.flat()).toEqual(wanted);
        expect(backwards.flat()).toEqual(wanted);
        // Only the last page of a walk may be short.
        expect(forwards.slice(0, -1).every((page) => page.length === size)).toBe(true);
        expect(backwards.slice(1).every((page) => page.length === size)).toBe(true);
        const { countAll } = await readHistoryPage(pool, ownerId, pageOf({}), filter, order);
        expect(await countAll()).toBe(wanted.length);
      }),
      { numRuns: 200, seed: 2026 },
    );
  });

  test('between two cursors shows what lies between them', async () => {
    const rows = Array.from({ length: 12 }, (_, createdAt) => ({
      ...{ status: 'CANCELED' as const, createdAt: createdAt % 4, ranFor: 0 },
    }));
    for (const order of orders) {
      const ownerId = randomUUID();
      const wanted = sorted(await store(ownerId, rows), order);
      const read = (page: Partial<PageArguments>) =>
        readHistoryPage(pool, ownerId, pageOf(page), everything, order);
      const { edges } = await read({});
      const [after, before] = [edges[2]!.cursor, edges[9]!.cursor];
      for (const size of [{ first: 100 }, { last: 100 }]) {
        const between = await read({ ...size, after, before });
        expect(between.edges.map(({ node }) => node.id)).toEqual(wanted.slice(3, 9));
      }
    }
  });
});

describe('a cursor', () => {
  async function pageAfter(after: string, order: HistoryOrder): Promise<unknown> {
    return readHistoryPage(pool, 'nobody', pageOf({ after }), everything, order);
  }
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const id = '0198c0de-0000-7000-8000-000000000000';

  test('of another field is refused, of the other direction it is not', async () => {
    const cursor = encode(`CREATED_AT 2026-01-02T03:04:05.678Z ${id}`);
    await expect(
      pageAfter(cursor, { field: 'FINISHED_AT', direction: 'DESC' }),
    ).rejects.toBeInstanceOf(InvalidArgument);
    for (const direction of ['ASC', 'DESC'] as const) {
      expect(await pageAfter(cursor, { field: 'CREATED_AT', direction })).toHaveProperty('edges');
    }
  });

  test.each([
    ['of nothing', ''],
    ['of another kind', 'Job:1'],
    ['without an id', 'CREATED_AT 2026-01-02T03:04:05.678Z '],
    ['of a day that is none', `CREATED_AT 2026-02-30T03:04:05.678Z ${id}`],
    ['of the year 0', `CREATED_AT 0000-01-02T03:04:05.678Z ${id}`],
    ['with a statement in it', `CREATED_AT 2026-01-02T03:04:05.678Z ${id}'; drop table jobs; --`],
  ])('%s is refused in a sentence', async (_, text) => {
    await expect(pageAfter(encode(text), newestFirst)).rejects.toThrow(
      /^This cursor is not one of this list; .*\.$/,
    );
  });

  test('of an unfinished job leads on in the order of finishing', async () => {
    const order = { field: 'FINISHED_AT', direction: 'ASC' } as const;
    const cursor = encode(`FINISHED_AT infinity ${id}`);
    expect(await pageAfter(cursor, order)).toMatchObject({ edges: [], hasNextPage: false });
  });
});

test.each([
  [{ first: 0 }, 'first'],
  [{ first: 101 }, 'first'],
  [{ last: -1 }, 'last'],
  [{ first: 1, last: 1 }, 'not both'],
])('a page of %j is refused in a sentence', async (page, words) => {
  const reading = readHistoryPage(pool, 'nobody', pageOf(page), everything, newestFirst);
  await expect(reading).rejects.toThrow(InvalidArgument);
  await expect(reading).rejects.toThrow(words);
});
