// The caller's history: a Relay connection, its filter and its order.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { ask, send } from '../../support/graphql.ts';
import { expireJob, failJob, queueJob, runJob, succeedJob } from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';

const parameters = {
  ...{ first: 'Int', after: 'String', last: 'Int', before: 'String' },
  ...{ filter: 'JobFilter', orderBy: 'JobOrder!' },
} as const;
type Arguments = Partial<Record<keyof typeof parameters, unknown>>;

const document = (given: Arguments, selection: string) => {
  const names = Object.keys(given) as (keyof typeof parameters)[];
  if (names.length === 0) return `{ jobs { ${selection} } }`;
  const declared = names.map((name) => `$${name}: ${parameters[name]}`).join(', ');
  return `query (${declared}) { jobs(${names.map((name) => `${name}: $${name}`).join(', ')}) { ${selection} } }`;
};

const page = `edges { cursor node { id } } nodes { id }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount`;

let app: TestApp;

async function read(given: Arguments = {}, selection = page): Promise<any> {
  return (await ask(app.url, document(given, selection), given)).jobs;
}

async function readIds(given: Arguments = {}): Promise<string[]> {
  return (await read(given)).nodes.map(({ id }: { id: string }) => id);
}

async function refuse(given: Arguments): Promise<unknown> {
  const { data, errors } = await send(app.url, document(given, page), given);
  expect(data).toEqual({ jobs: null });
  return errors?.map(({ message, path, extensions }) => [message, path, extensions?.['code']]);
}

const ids = (jobs: readonly MadeJob[]) => jobs.map(({ id }) => id);

describe('paging', () => {
  const total = 25;
  const newestFirst: MadeJob[] = [];
  beforeAll(async () => {
    app = await startApp({ settings: { ROLES: 'api' } });
    for (let number = 0; number < total; number += 1) newestFirst.unshift(await queueJob(app));
    // Several in one millisecond: the order has to be total all the same.
    await app.database.pool.query(
      `update tapedeck.jobs set created_at = date_trunc('second', created_at)`,
    );
    await app.database.pool.query(`update tapedeck.jobs set created_at = now() where id = $1`, [
      newestFirst[0]!.jobId,
    ]);
    await queueJob(app, { ownerId: 'somebody else' });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  test('without arguments the newest 20 come, newest first', async () => {
    const { edges, nodes, pageInfo, totalCount } = await read();
    expect(ids(nodes)).toEqual(ids(newestFirst.slice(0, 20)));
    expect(edges.map((edge: any) => edge.node)).toEqual(nodes);
    expect(pageInfo).toEqual({
      ...{ hasNextPage: true, hasPreviousPage: false },
      ...{ startCursor: edges[0].cursor, endCursor: edges[19].cursor },
    });
    expect(totalCount).toBe(total);
  });

  test.each([1, 7, 25, 100])('pages of %i forwards show each job once, in order', async (first) => {
    const seen: string[] = [];
    for (let after: unknown, isMore = true; isMore;) {
      const { nodes, pageInfo } = await read({ first, ...(after !== undefined && { after }) });
      expect(pageInfo.hasPreviousPage).toBe(after !== undefined);
      seen.push(...ids(nodes));
      after = pageInfo.endCursor;
      isMore = pageInfo.hasNextPage;
    }
    expect(seen).toEqual(ids(newestFirst));
  });

  test.each([1, 7, 25])(
    'pages of %i backwards show each job once, each page in order',
    async (last) => {
      const seen: string[] = [];
      for (let before: unknown, isMore = true; isMore;) {
        const { nodes, pageInfo } = await read({ last, ...(before !== undefined && { before }) });
        expect(pageInfo.hasNextPage).toBe(before !== undefined);
        seen.unshift(...ids(nodes));
        before = pageInfo.startCursor;
        isMore = pageInfo.hasPreviousPage;
      }
      expect(seen).toEqual(ids(newestFirst));
    },
  );

  test('between two cursors, either end can be taken, and both neighbors are known', async () => {
    const { edges } = await read({ first: 10 });
    const between = { after: edges[1].cursor, before: edges[8].cursor };
    const middle = ids(newestFirst.slice(2, 8));
    const whole = await read({ ...between, first: 50 });
    expect(ids(whole.nodes)).toEqual(middle);
    expect(whole.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(await readIds({ ...between, first: 2 })).toEqual(middle.slice(0, 2));
    const end = await read({ ...between, last: 6 });
    expect(ids(end.nodes)).toEqual(middle);
    expect(end.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  test('an empty page has no cursors', async () => {
    const { edges } = await read({ last: 1 });
    expect(await read({ first: 5, after: edges[0].cursor })).toEqual({
      ...{ edges: [], nodes: [], totalCount: total },
      pageInfo: {
        ...{ hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
      },
    });
  });

  test('a page stays right while its first job is deleted and new ones come', async () => {
    const first = await read({ first: 5 });
    const temporary = await queueJob(app);
    const gone = newestFirst.pop()!;
    await app.database.pool.query(`delete from tapedeck.jobs where id in ($1, $2)`, [
      gone.jobId,
      newestFirst[4]!.jobId,
    ]);
    newestFirst.splice(4, 1);
    expect(await readIds({ first: 5, after: first.pageInfo.endCursor })).toEqual(
      ids(newestFirst.slice(4, 9)),
    );
    await app.database.pool.query(`delete from tapedeck.jobs where id = $1`, [temporary.jobId]);
  });

  test('unreasonable sizes are refused in a sentence', async () => {
    const sized = (name: string) => [
      [`\`${name}\` has to be between 1 and 100.`, ['jobs'], 'BAD_USER_INPUT'],
    ];
    for (const size of [0, -1, 101, 2 ** 31 - 1]) {
      expect(await refuse({ first: size })).toEqual(sized('first'));
      expect(await refuse({ last: size })).toEqual(sized('last'));
    }
    expect(await refuse({ first: 5, last: 5 })).toEqual([
      ['Send `first` or `last`, not both.', ['jobs'], 'BAD_USER_INPUT'],
    ]);
    expect(await readIds({ first: null, last: null, after: null, before: null })).toHaveLength(20);
  });

  const forged = (text: string) => Buffer.from(text).toString('base64url');
  const someId = '01890a5d-ac96-774b-bcce-b302099a8057';
  test.each([
    ['empty', ''],
    ['garbage', 'garbage'],
    ['SQL', forged(`CREATED_AT 2026-01-01T00:00:00.000Z ' or 1=1`)],
    ['no id', forged('CREATED_AT 2026-01-01T00:00:00.000Z')],
    ['no instant', forged(`CREATED_AT yesterday ${someId}`)],
    ['a day that never was', forged(`CREATED_AT 2026-02-30T00:00:00.000Z ${someId}`)],
    ['month 13', forged(`CREATED_AT 2026-13-01T00:00:00.000Z ${someId}`)],
    ['hour 24', forged(`CREATED_AT 2026-01-01T24:00:00.000Z ${someId}`)],
    ['year 0', forged(`CREATED_AT 0000-01-01T00:00:00.000Z ${someId}`)],
    ['of another order', forged(`FINISHED_AT 2026-01-01T00:00:00.000Z ${someId}`)],
    ['a NUL', forged(`CREATED_AT 2026-01-01T00:00:00.000Z ${someId}\0`)],
  ])('a cursor that is %s is refused', async (_, cursor) => {
    const sentence =
      'This cursor is not one of this list; send one that a page of the same order has answered.';
    for (const argument of ['after', 'before']) {
      expect(await refuse({ [argument]: cursor })).toEqual([
        [sentence, ['jobs'], 'BAD_USER_INPUT'],
      ]);
    }
  });

  test('totalCount is counted to 10,000 and stops there', async () => {
    await using other = await startApp({ settings: { ROLES: 'api' } });
    await other.database.pool.query(
      `with made as (
         insert into tapedeck.jobs
           (site, external_id, source_url, quality, embed_thumbnail, max_attempts,
            status, finished_at, failure_code, failed_at)
         select 'youtube', 'video ' || n, '', 'KBPS_192', true, 5, 'FAILED', now(), 'PRIVATE', now()
         from generate_series(1, 10050) n returning id)
       insert into tapedeck.job_owners (owner_id, job_id) select 'everybody', id from made`,
    );
    const counted = await ask(other.url, `{ jobs(first: 1) { totalCount nodes { id } } }`);
    expect(counted.jobs.totalCount).toBe(10_000);
    const narrowed = await ask(
      other.url,
      `{ jobs(filter: {search: "video 100"}) { totalCount } none: jobs(filter: {statuses: [QUEUED]}) { totalCount } }`,
    );
    // 100, 1000 to 1009 and 10000 to 10050: each search word is the beginning of a word.
    expect(narrowed).toEqual({ jobs: { totalCount: 62 }, none: { totalCount: 0 } });
  });
});

describe('order and filter', () => {
  const jobs: Record<string, MadeJob> = {};
  beforeAll(async () => {
    app = await startApp({ settings: { ROLES: 'api' } });
    jobs['queued'] = await queueJob(app, { videoId: 'queued-id_1' });
    jobs['succeeded'] = await succeedJob(app, {
      metadata: { title: 'AC/DC — Back in Black (Official Video)', uploader: 'acdcVEVO' },
      videoId: '-12-34_56ab',
    });
    // No id begins with a word that is searched for.
    jobs['failed'] = await failJob(app, 'PRIVATE', { videoId: 'fffffffffff' });
    jobs['running'] = await runJob(app, { videoId: 'rrrrrrrrrrr' });
    jobs['expired'] = await expireJob(app, {
      videoId: 'eeeeeeeeeee',
      metadata: { title: 'Café del Mar', uploader: 'Пётр Чайковский' },
    });
    await queueJob(app, { ownerId: 'somebody else' });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const inOrder = async (given: Arguments) => {
    const found = await readIds(given);
    return found.map((id) => Object.keys(jobs).find((name) => jobs[name]!.id === id));
  };
  const filtered = async (filter: Record<string, unknown>) => inOrder({ filter });

  test('by creation, either way', async () => {
    const oldestFirst = ['queued', 'succeeded', 'failed', 'running', 'expired'];
    expect(await inOrder({ orderBy: { direction: 'ASC' } })).toEqual(oldestFirst);
    expect(await inOrder({ orderBy: {} })).toEqual(oldestFirst.toReversed());
    expect(await inOrder({ orderBy: { field: 'CREATED_AT', direction: 'DESC' } })).toEqual(
      oldestFirst.toReversed(),
    );
  });

  test('by finish, where unfinished jobs count as the latest', async () => {
    const ascending = ['succeeded', 'failed', 'expired', 'queued', 'running'];
    expect(await inOrder({ orderBy: { field: 'FINISHED_AT', direction: 'ASC' } })).toEqual(
      ascending,
    );
    expect(await inOrder({ orderBy: { field: 'FINISHED_AT' } })).toEqual(ascending.toReversed());
  });

  test.each(['ASC', 'DESC'])(
    'pages by finish go through unfinished jobs as well (%s)',
    async (direction) => {
      const orderBy = { field: 'FINISHED_AT', direction };
      const whole = await readIds({ orderBy });
      const paged: string[] = [];
      for (let after: unknown, isMore = true; isMore;) {
        const { nodes, pageInfo } = await read({
          ...{ first: 2, orderBy },
          ...(after !== undefined && { after }),
        });
        paged.push(...ids(nodes));
        after = pageInfo.endCursor;
        isMore = pageInfo.hasNextPage;
      }
      expect(paged).toEqual(whole);
    },
  );

  test('by status', async () => {
    expect(await filtered({ statuses: ['FAILED'] })).toEqual(['failed']);
    expect(await filtered({ statuses: ['QUEUED', 'RUNNING'] })).toEqual(['running', 'queued']);
    expect(await filtered({ statuses: ['CANCELED'] })).toEqual([]);
    expect(await filtered({ statuses: [] })).toEqual([]);
    expect(await filtered({ statuses: null })).toHaveLength(5);
  });

  test.each([
    ['back BLACK', ['succeeded']],
    ['bla', ['succeeded']],
    ['AC/DC', ['succeeded']],
    ['dc', ['succeeded']],
    ['official-video', ['succeeded']],
    ['acdcvevo black', ['succeeded']],
    ['black missing', []],
    ['lack', []],
    ['café', ['expired']],
    ['cafe\u0301 mar', ['expired']],
    ['чайковский', ['expired']],
    ['-12-34_56ab', ['succeeded']],
    ['34', ['succeeded']],
    ['queued-id_1', ['queued']],
    [`black' | !back & (`, ['succeeded']],
    ['back\u0000black', ['succeeded']],
    ['', ['expired', 'running', 'failed', 'succeeded', 'queued']],
    [' *** ', ['expired', 'running', 'failed', 'succeeded', 'queued']],
    ['x'.repeat(200), []],
    ['😀'.repeat(100), ['expired', 'running', 'failed', 'succeeded', 'queued']],
    ['zz '.repeat(66), []],
  ])('by words: %#', async (search, found) => {
    expect(await filtered({ search })).toEqual(found);
  });

  test('by more than 200 characters: refused in a sentence', async () => {
    expect(await refuse({ filter: { search: 'x'.repeat(201) } })).toEqual([
      ['`search` may have at most 200 characters.', ['jobs'], 'BAD_USER_INPUT'],
    ]);
  });

  test('by any spelling of the address', async () => {
    const { videoId } = jobs['failed']!;
    for (const sourceUrl of [
      `https://youtu.be/${videoId}`,
      `m.youtube.com/watch?v=${videoId}&t=1`,
    ]) {
      expect(await filtered({ sourceUrl })).toEqual(['failed']);
    }
    expect(await filtered({ sourceUrl: 'https://youtu.be/aaaaaaaaaaa' })).toEqual([]);
    expect(await filtered({ sourceUrl: 'not a link' })).toEqual([]);
    expect(await filtered({ sourceUrl: '' })).toEqual([]);
  });

  test('by creation: from then on, and before then', async () => {
    const { nodes } = await read({ orderBy: { direction: 'ASC' } }, 'nodes { createdAt }');
    const [, second, , fourth] = nodes.map((node: any) => node.createdAt);
    expect(await filtered({ createdAfter: second, createdBefore: fourth })).toEqual([
      'failed',
      'succeeded',
    ]);
    const offset = second.replace('Z', '+00:00');
    expect(await filtered({ createdAfter: offset, createdBefore: fourth })).toHaveLength(2);
    expect(await filtered({ createdBefore: '0001-01-01T00:00:00Z' })).toEqual([]);
    expect(await filtered({ createdAfter: '9999-12-31T23:59:59.999Z' })).toEqual([]);
  });

  test('all that is given has to hold', async () => {
    expect(await filtered({ statuses: ['SUCCEEDED'], search: 'black' })).toEqual(['succeeded']);
    expect(await filtered({ statuses: ['FAILED'], search: 'black' })).toEqual([]);
  });

  test('the filter holds on every page and for the count', async () => {
    const { nodes, totalCount, pageInfo } = await read({
      ...{ first: 1, filter: { statuses: ['QUEUED', 'RUNNING'] } },
    });
    expect({ found: ids(nodes), totalCount }).toEqual({
      found: [jobs['running']!.id],
      totalCount: 2,
    });
    const rest = { after: pageInfo.endCursor, filter: { statuses: ['QUEUED', 'RUNNING'] } };
    expect(await inOrder(rest)).toEqual(['queued']);
  });

  test.each([
    ['no time zone', '2026-11-22T10:15:00'],
    ['no time', '2026-11-22'],
    ['a day that never was', '2026-02-30T10:15:00Z'],
    ['month 13', '2026-13-01T10:15:00Z'],
    ['words', 'yesterday'],
    ['a number', 1_795_000_000],
    ['empty', ''],
  ])('a DateTime that is %s is refused before anything is read', async (_, createdAfter) => {
    const given = { filter: { createdAfter } };
    const { data, errors } = await send(app.url, document(given, page), given);
    expect(data).toBeUndefined();
    expect(errors).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('A DateTime has to look like 2026-11-22T10:15:00Z.'),
        extensions: { code: 'BAD_USER_INPUT' },
      }),
    ]);
  });
});
