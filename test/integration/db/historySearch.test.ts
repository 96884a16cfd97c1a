// A history that is larger than the stretch that a search goes through in order: what it answers has to be what looking
// at every job would answer. Few jobs are searched in test/integration/services/search.test.ts.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HistoryFilter, HistorySlice } from '../../../src/db/history.ts';
import { readHistory } from '../../../src/db/history.ts';
import { searchHistory } from '../../../src/db/historySearch.ts';
import type { Database, Queryable } from '../../../src/db/pool.ts';
import type { JobStatus } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let pool: Database;
type Row = { id: string; status: JobStatus; words: string[]; created: string; finished: string };
let all: Row[];

beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
  // Oldest first: `early` only stands before the stretch, `often` in every fourth, `seldom` in every thousandth.
  const { rows } = await pool.query<Row>(
    `with made as (
       insert into tapedeck.jobs
         (status, site, external_id, source_url, quality, embed_thumbnail, attempt, max_attempts, title,
          failure_code, failed_at, created_at, finished_at)
       select case when n > 9000 then 'QUEUED' when n % 20 = 0 then 'FAILED' else 'CANCELED' end,
         'youtube', 'video' || n, 'https://example.org/' || n, 'KBPS_192', true, 1, 5,
         'song' || n || case when n % 4 = 0 then ' often' else '' end
           || case when n % 1000 = 500 then ' seldom' else '' end
           || case when n <= 30 then ' early' else '' end,
         case when n % 20 = 0 and n <= 9000 then 'UNAVAILABLE' end, case when n % 20 = 0 and n <= 9000 then now() end,
         now() - make_interval(secs => 20000 - n),
         -- Ended in another order than they were asked for.
         case when n <= 9000 then now() - make_interval(secs => (n * 7919) % 20000) end
       from generate_series(1, 9600) as n returning *),
     owned as (
       insert into tapedeck.job_owners (owner_id, job_id)
       select case when external_id like '%7' then 'other' else 'big' end, id from made),
     small as (insert into tapedeck.job_owners (owner_id, job_id) select 'small', id from made where external_id like '%77')
     select id, status, string_to_array(title, ' ') as words,
       created_at::text as created, coalesce(finished_at, 'infinity')::text as finished
     from made where external_id not like '%7'`,
  );
  all = rows;
  await pool.query('vacuum analyze tapedeck.jobs, tapedeck.job_owners');
}, 60_000);
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** What the tests read of a plan. */
type Plan = {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Actual Loops': number;
  /** Of 8 kB, of tables and indexes, with all below. */
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Plan[];
};

const none: HistoryFilter = {
  ...{ statuses: null, words: null, source: null, createdAfter: null, createdBefore: null },
};
const newest: HistorySlice = {
  filter: none,
  order: { field: 'CREATED_AT', direction: 'DESC' },
  ...{ after: null, before: null, limit: 21, fromEnd: false },
};

async function idsFound(slice: HistorySlice, words: string[], owner = 'big'): Promise<string[]> {
  return (await searchHistory(pool, owner, slice, words)).map(({ id }) => id);
}

/** By looking at every job. */
function idsExpected({ filter, order, fromEnd, limit }: HistorySlice, words: string[]): string[] {
  const key = (row: Row) =>
    `${order.field === 'CREATED_AT' ? row.created : row.finished} ${row.id}`;
  const matching = all
    .filter(({ status }) => filter.statuses === null || filter.statuses.includes(status))
    .filter((row) => words.every((word) => row.words.some((other) => other.startsWith(word))))
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const isDescending = (order.direction === 'DESC') !== fromEnd;
  return (isDescending ? matching.toReversed() : matching).slice(0, limit).map(({ id }) => id);
}

const orders = (['CREATED_AT', 'FINISHED_AT'] as const).flatMap((field) =>
  (['ASC', 'DESC'] as const).flatMap((direction) =>
    [false, true].map((fromEnd) => ({ order: { field, direction }, fromEnd })),
  ),
);

describe.each(orders)(
  'in the order $order.field $order.direction, from the end: $fromEnd',
  (way) => {
    test.each([
      [['often']],
      [['seldom']],
      [['early']],
      [['song12']],
      [['often', 'seldom']],
      [['nowhere']],
      [['song1234']],
    ])('a search for %p answers what looking at every job would', async (words) => {
      const statuses: HistoryFilter['statuses'][] = [
        null,
        ['FAILED'],
        ['QUEUED'],
        ['FAILED', 'QUEUED', 'FAILED'],
        ['CANCELED', 'FAILED'],
        [],
      ];
      for (const asked of statuses) {
        const slice = { ...newest, ...way, filter: { ...none, statuses: asked } };
        expect({ asked, ids: await idsFound(slice, words) }).toEqual({
          asked,
          ids: idsExpected(slice, words),
        });
      }
    });
  },
);

test.each(orders)(
  'pages of a search in the order $order.field $order.direction, from the end: $fromEnd, follow each other without a gap',
  async ({ order, fromEnd }) => {
    const seen: string[] = [];
    const slice = { ...newest, order, fromEnd, limit: 300 };
    let place: HistorySlice['after'] = null;
    for (;;) {
      const places = fromEnd ? { before: place } : { after: place };
      const jobs = await searchHistory(pool, 'big', { ...slice, ...places }, ['often']);
      const last = jobs.at(-1);
      if (last === undefined) break;
      seen.push(...jobs.map(({ id }) => id));
      const at = order.field === 'CREATED_AT' ? last.createdAt : last.finishedAt;
      place = { at: at?.toISOString() ?? 'infinity', id: last.id };
    }
    expect(seen).toEqual(idsExpected({ ...slice, limit: 10_000 }, ['often']));
  },
);

test('somebody with few jobs finds theirs among those of others, and nothing else', async () => {
  const found = await searchHistory(pool, 'small', newest, ['song']);
  expect(found.map(({ source }) => source.externalId.slice(-2))).toEqual(Array(21).fill('77'));
  expect(await searchHistory(pool, 'nobody', newest, ['song'])).toEqual([]);
});

test('statuses are read newest first over all of them, each once', async () => {
  const filter = { ...none, statuses: ['QUEUED', 'FAILED', 'QUEUED'] as const };
  const jobs = await readHistory(pool, 'big', { ...newest, filter, limit: 1_000 });
  expect(jobs.map(({ id }) => id)).toEqual(idsExpected({ ...newest, filter, limit: 1_000 }, []));
});

describe('what a page reads does not grow with the history', () => {
  /** The pool, but with the rows of jobs and the blocks counted that each statement looked at, by its own account. */
  function counted(): { db: Queryable; rowsRead: () => number; blocksRead: () => number } {
    let rowsRead = 0;
    let blocksRead = 0;
    const count = (node: Plan): void => {
      const rows = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0);
      if (node['Relation Name'] === 'jobs') rowsRead += rows * node['Actual Loops'];
      node.Plans?.forEach(count);
    };
    const db: Queryable = {
      async query(statement, values) {
        const text = typeof statement === 'string' ? statement : statement.text;
        const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
          `explain (analyze, buffers, format json) ${text}`,
          values,
        );
        const [{ Plan: plan }] = rows[0]!['QUERY PLAN'];
        count(plan);
        blocksRead += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
        return pool.query(statement, values);
      },
    };
    return { db, rowsRead: () => rowsRead, blocksRead: () => blocksRead };
  }
  const filterOf = (statuses: JobStatus[]) => ({ ...none, statuses });

  test.each<[string, Partial<HistorySlice>, string[] | null]>([
    ['the newest', {}, null],
    ['the oldest', { fromEnd: true }, null],
    ['those that ended last', { order: { field: 'FINISHED_AT', direction: 'DESC' } }, null],
    ['those of a status behind others', { filter: filterOf(['FAILED']) }, null],
    ['those of two statuses', { filter: filterOf(['FAILED', 'CANCELED']) }, null],
    ['those with a frequent word', {}, ['often']],
    ['those of a status with a frequent word', { filter: filterOf(['FAILED']) }, ['often']],
  ])('%s of 9,000', async (_, changes, words) => {
    const slice = { ...newest, ...changes };
    const { db, rowsRead } = counted();
    const jobs = await (words === null
      ? readHistory(db, 'big', slice)
      : searchHistory(db, 'big', slice, words));
    expect(jobs).toHaveLength(21);
    expect(rowsRead()).toBeGreaterThanOrEqual(21);
    expect(rowsRead()).toBeLessThan(300);
  });

  test('a word that the statistics do not name costs a short stretch and its own jobs', async () => {
    const { db, rowsRead } = counted();
    expect(await searchHistory(db, 'big', newest, ['song1234'])).toHaveLength(1);
    expect(rowsRead()).toBeGreaterThan(0);
    expect(rowsRead()).toBeLessThan(500);
  });

  test.each([
    ['DESC', 'after', false],
    ['ASC', 'before', true],
  ] as const)(
    'a search far away in the order of ends (%s, %s a place) does not read its way there',
    async (direction, side, fromEnd) => {
      const inOrder: HistorySlice = {
        ...{ ...newest, order: { field: 'FINISHED_AT', direction }, fromEnd },
      };
      const ended = idsExpected({ ...inOrder, limit: 10_000, filter: filterOf(['CANCELED']) }, []);
      const blocksAt = async (nth: number) => {
        const { finished, id } = all.find((row) => row.id === ended[nth])!;
        const slice = { ...inOrder, [side]: { at: finished, id } };
        const { db, blocksRead } = counted();
        expect(await searchHistory(db, 'big', slice, ['often'])).toHaveLength(21);
        return blocksRead();
      };
      expect(await blocksAt(ended.length - 500)).toBeLessThan((await blocksAt(10)) + 25);
    },
  );
});
