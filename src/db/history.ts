// One page of a caller's history by keyset: the same cost on the first page and on the last.

import type { Job, JobStatus } from '../domain/job.ts';
import { jobsOf } from './jobs.ts';
import type { ViewerId } from '../domain/access.ts';
import { jobColumns, toJob } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import type { Queryable } from './pool.ts';

export type HistoryFilter = {
  readonly statuses: readonly JobStatus[] | null;
  /** Words, each the beginning of a word in title, uploader or external id; all have to match. */
  readonly words: readonly string[] | null;
  readonly source: { readonly site: string; readonly externalId: string } | null;
  readonly createdAfter: Date | null;
  readonly createdBefore: Date | null;
};

export type HistoryOrder = {
  readonly field: 'CREATED_AT' | 'FINISHED_AT';
  readonly direction: 'ASC' | 'DESC';
};

/** A place between two rows: the ordering instant (`infinity` while unfinished) and the id. */
export type HistoryPlace = { readonly at: string; readonly id: string };

export type HistorySlice = {
  readonly filter: HistoryFilter;
  readonly order: HistoryOrder;
  /** Both exclusive; null for the open end. */
  readonly after: HistoryPlace | null;
  readonly before: HistoryPlace | null;
  readonly limit: number;
  /** Takes the last `limit` rows of the slice instead of the first. */
  readonly fromEnd: boolean;
};

const orderKeys = {
  CREATED_AT: 'j.created_at',
  FINISHED_AT: `coalesce(j.finished_at, 'infinity')`,
} as const;

/**
 * At most `limit` jobs, in the order in which they are read: from the end backwards when taken from the end. An
 * index gives them in that order, once for each status when statuses are asked for. Words are for searchHistory.
 */
export async function readHistory(
  db: Queryable,
  viewerId: ViewerId,
  slice: HistorySlice,
): Promise<Job[]> {
  const order = readingOrder(slice);
  const ordered = (status: string) => `
    select j.* ${jobsOf(viewerId)} where ${status} and ${matchesFilter} and ${liesInSlice(slice)}
    order by ${order} limit $10`;
  const { rows } = await db.query<JobRow>(
    `-- readHistory
     select ${jobColumns('j')} from ${eachStatus(slice.filter.statuses, ordered)}
     order by ${order} limit $10`,
    sliceValues(viewerId, slice),
  );
  return rows.map(toJob);
}

/** `inStatus` is given the condition for the status: none, or one status after another. As a relation `j`. */
export function eachStatus(
  statuses: readonly JobStatus[] | null,
  inStatus: (status: string) => string,
): string {
  if (statuses === null) return `(${inStatus('true')}) as j`;
  const list = [...new Set(statuses)].map((status) => `('${status}')`).join(', ');
  if (list === '') return `(${inStatus('false')}) as j`;
  return `(values ${list}) as asked(status)
    cross join lateral (${inStatus('j.status = asked.status')}) as j`;
}

export function readingOrder({ order: { field, direction }, fromEnd }: HistorySlice): string {
  const isDescending = (direction === 'DESC') !== fromEnd;
  const way = isDescending ? 'desc' : 'asc';
  return `${orderKeys[field]} ${way}, j.id ${way}`;
}

/** The number of jobs that match, exact up to `ceiling`, where counting stops. */
export async function countHistory(
  db: Queryable,
  viewerId: ViewerId,
  filter: HistoryFilter,
  ceiling: number,
): Promise<number> {
  const { rows } = await db.query<{ total: number }>(
    `-- countHistory
     select count(*)::integer as total from (
       select ${jobsOf(viewerId)}
       where ${matchesFilter} and ($7::text[] is null or j.status = any($7))
         and ($8::text is null or ${hasWords('$8')})
       limit $6) as matching`,
    [
      ...filterValues(viewerId, filter),
      ceiling,
      filter.statuses,
      filter.words === null ? null : toQuery(filter.words),
    ],
  );
  return rows[0]?.total ?? 0;
}

/**
 * The condition for words, given as a tsquery. Active and ended jobs have an index each: most of the active ones have
 * no title yet, and they come by the hundred thousand.
 */
export function hasWords(query: string): string {
  const match = `j.search @@ to_tsquery('simple', ${query})`;
  return `((j.finished_at is null and ${match}) or (j.finished_at is not null and ${match}))`;
}

/** Beside the owner: source and instants, $2 to $5. */
export const matchesFilter = `
  ($2::text is null or (j.site, j.external_id) = ($2, $3))
  and ($4::timestamptz is null or j.created_at >= $4)
  and ($5::timestamptz is null or j.created_at < $5)`;

function filterValues(viewerId: ViewerId, { source, createdAfter, createdBefore }: HistoryFilter) {
  return [viewerId, source?.site ?? null, source?.externalId ?? null, createdAfter, createdBefore];
}

/** The places, $6 to $9. */
export function liesInSlice({ order: { field, direction } }: HistorySlice): string {
  const key = orderKeys[field];
  const [behind, ahead] = direction === 'DESC' ? ['<', '>'] : ['>', '<'];
  return `
  ($6::timestamptz is null or (${key}, j.id) ${behind} ($6::timestamptz, $7::uuid))
  and ($8::timestamptz is null or (${key}, j.id) ${ahead} ($8::timestamptz, $9::uuid))`;
}

/** $1 to $10, the last one the limit. */
export function sliceValues(viewerId: ViewerId, slice: HistorySlice): unknown[] {
  const { filter, after, before, limit } = slice;
  return [
    ...filterValues(viewerId, filter),
    ...[after?.at ?? null, after?.id ?? null, before?.at ?? null, before?.id ?? null, limit],
  ];
}

/** Only letters and digits come here, so nothing in them is an operator of tsquery. */
export function toQuery(words: readonly string[]): string {
  return words.map((word) => `${word}:*`).join(' & ');
}
