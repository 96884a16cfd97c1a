// Pages of a long history over HTTP: the newest, any other, and searches for frequent, rare and unknown words.

import { openConnection } from '../load/httpConnection.ts';
import { commonWord, rareWord } from './fill.ts';
import type { House } from './house.ts';

const query = JSON.stringify(`query ($after: String, $filter: JobFilter, $orderBy: JobOrder!) {
  jobs(first: 20, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes { id version status createdAt finishedAt source { title uploader } result { url } }
    pageInfo { hasNextPage endCursor } } }`);

const fields = ['CREATED_AT', 'FINISHED_AT'] as const;
const filters = [
  null,
  { search: commonWord },
  { search: rareWord },
  { search: `${commonWord} ${rareWord}` },
  { search: 'nowhere' },
  { statuses: ['FAILED'] },
  { statuses: ['SUCCEEDED', 'CANCELED'] },
];

/** Milliseconds of `count` pages, all kinds in turns, each from another place of the history. */
export async function measurePages(house: House, count: number): Promise<number[]> {
  const { rows } = await house.pool.query<{ id: string; at: Date; end: Date }>(
    `select id, created_at as at, finished_at as "end" from tapedeck.jobs tablesample system (0.05)
     where finished_at is not null order by random() limit 500`,
  );
  using connection = await openConnection(house.api.url);
  const latencies: number[] = [];
  for (let nth = 0; nth < count + 50; nth += 1) {
    const field = fields[nth % fields.length] ?? 'CREATED_AT';
    const filter = filters[Math.floor(nth / 2) % filters.length] ?? null;
    const place = rows[nth % rows.length];
    if (place === undefined) throw new Error('there is no history');
    const at = field === 'CREATED_AT' ? place.at : place.end;
    const cursor = Buffer.from(`${field} ${at.toISOString()} ${place.id}`).toString('base64url');
    const variables = { after: nth % 3 === 0 ? null : cursor, filter, orderBy: { field } };
    const sentAt = performance.now();
    const answer = await connection.post(
      '/graphql',
      `{"query":${query},"variables":${JSON.stringify(variables)}}`,
    );
    // The first ones warm it up.
    if (nth >= 50) latencies.push(performance.now() - sentAt);
    if (answer.includes('"errors"')) throw new Error(answer);
  }
  return latencies;
}
