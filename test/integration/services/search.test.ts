import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { recordSource } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { createJobQueries } from '../../../src/services/jobQueries.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, keyOf, newSource } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
  await storeSongs();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const { allowedHosts } = parseAllowedHosts('');
const songs = [
  ['AC/DC - Thunderstruck (Official Video)', 'AC/DC'],
  ['Don’t Stop Me Now', 'Queen Official'],
  ['Beyoncé — Halo…live', 'BeyoncéVEVO'],
  ['Caf\u0065\u0301 del Mar', null],
  ['हिन्दी गाना', null],
  ['夜に駆ける「YOASOBI」', null],
  ['1,000,000 Ways', 'a_b-c'],
] as const;
const externalId = 'ab-34_Xy.Z';

async function storeSongs(): Promise<void> {
  const unknown = { durationSeconds: null, thumbnailUrl: null };
  for (const [index, [title, uploader]] of songs.entries()) {
    // An id by chance could hold the words of a search.
    const song = { ...newSource(), externalId: `xxxxxxxxxx${index}` };
    const job = await createJob(pool, 'RUNNING', { ownerId: 'listener', source: song });
    await recordSource(pool, keyOf(job), { title, uploader, ...unknown });
  }
  const source = { ...newSource(), externalId };
  await createJob(pool, 'QUEUED', { ownerId: 'listener', source });
  await createJob(pool, 'QUEUED', { ownerId: 'another', source });
}

async function search(text: string): Promise<(string | undefined)[]> {
  const queries = createJobQueries({ db: pool, allowedHosts, workerLostAfterSeconds: 6 });
  const criteria = {
    ...{ statuses: null, sourceUrl: null, createdAfter: null, createdBefore: null },
    search: text,
  };
  const page = { first: null, after: null, last: null, before: null };
  const order = { field: 'CREATED_AT', direction: 'ASC' } as const;
  const { edges } = await queries.readHistory('listener', page, criteria, order);
  return edges.map(({ node }) => node.metadata?.title ?? node.source.externalId);
}

test.each([
  ['thunder', songs[0][0]],
  ['ac/dc', songs[0][0]],
  ['dc official', songs[0][0]],
  ['video THUNDERSTRUCK', songs[0][0]],
  ['don’t stop', songs[1][0]],
  ['t', songs[0][0], songs[1][0]],
  ['queen now', songs[1][0]],
  ['BEYONCÉ halo', songs[2][0]],
  ['live', songs[2][0]],
  ['café', songs[3][0]],
  ['caf\u0065\u0301', songs[3][0]],
  ['हिन्दी', songs[4][0]],
  ['yoasobi', songs[5][0]],
  ['夜に', songs[5][0]],
  ['1,000,000', songs[6][0]],
  ['c 000', songs[6][0]],
  ['ab-34_xy', externalId],
  ['34', externalId],
  ['official', songs[0][0], songs[1][0]],
])(
  'a search for %j finds words by their beginning, in title, uploader and id',
  async (text, ...found) => {
    expect(new Set(await search(text))).toEqual(new Set(found));
  },
);

test.each(['thunder halo', 'hunder', 'struck', 'queen beyoncé'])(
  'a search for %j finds nothing: every word has to be there, from its beginning',
  async (text) => {
    expect(await search(text)).toEqual([]);
  },
);

test.each(['', '   ', '!!! —'])(
  'a search for %j, which has no word, narrows nothing',
  async (text) => {
    expect(await search(text)).toHaveLength(songs.length + 1);
  },
);

test.each(["it's", 'a & b | !c', ':*', "\\' <-> (", '%_', '\u0000'])(
  'a search for %j is words, never an operator',
  async (text) => {
    expect(await search(text)).toBeInstanceOf(Array);
  },
);
