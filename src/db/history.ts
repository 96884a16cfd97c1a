// One page of a caller's history by keyset: the same cost on the first page and on the last.

import type { Job, JobStatus } from '../domain/job.ts';
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

/** At most `limit` jobs, always in the order asked for, also when taken from the end. */
export async function readHistory(
  db: Queryable,
  ownerId: string,
  slice: HistorySlice,
): Promise<Job[]> {
  const key = orderKeys[slice.order.field];
  const isDescending = (slice.order.direction === 'DESC') !== slice.fromEnd;
  const direction = isDescending ? 'desc' : 'asc';
  const [behind, ahead] = slice.order.direction === 'DESC' ? ['<', '>'] : ['>', '<'];
  const { rows } = await db.query<JobRow>(
    `-- readHistory
     select ${jobColumns('j')}
     from tapedeck.jobs j join tapedeck.job_owners o on o.job_id = j.id and o.owner_id = $1
     where ${matchesFilter}
       and ($7::timestamptz is null or (${key}, j.id) ${behind} ($7::timestamptz, $8::uuid))
       and ($9::timestamptz is null or (${key}, j.id) ${ahead} ($9::timestamptz, $10::uuid))
     order by ${key} ${direction}, j.id ${direction}
     limit $11`,
    [
      ...filterValues(ownerId, slice.filter),
      slice.after?.at ?? null,
      slice.after?.id ?? null,
      slice.before?.at ?? null,
      slice.before?.id ?? null,
      slice.limit,
    ],
  );
  const jobs = rows.map(toJob);
  return slice.fromEnd ? jobs.toReversed() : jobs;
}

/** The number of jobs that match, exact up to `ceiling`, where counting stops. */
export async function countHistory(
  db: Queryable,
  ownerId: string,
  filter: HistoryFilter,
  ceiling: number,
): Promise<number> {
  const { rows } = await db.query<{ total: number }>(
    `-- countHistory
     select count(*)::integer as total from (
       select from tapedeck.jobs j join tapedeck.job_owners o on o.job_id = j.id and o.owner_id = $1
       where ${matchesFilter} limit $7) as matching`,
    [...filterValues(ownerId, filter), ceiling],
  );
  return rows[0]?.total ?? 0;
}

const matchesFilter = `
  ($2::text[] is null or j.status = any($2))
  and ($3::text is null or j.search @@ to_tsquery('simple', $3))
  and ($4::text[] is null or (j.site, j.external_id) = (($4::text[])[1], ($4::text[])[2]))
  and ($5::timestamptz is null or j.created_at >= $5)
  and ($6::timestamptz is null or j.created_at < $6)`;

function filterValues(ownerId: string, filter: HistoryFilter): unknown[] {
  return [
    ownerId,
    filter.statuses,
    // Only letters and digits come here, so nothing in them is an operator of tsquery.
    filter.words?.map((word) => `${word}:*`).join(' & ') ?? null,
    filter.source === null ? null : [filter.source.site, filter.source.externalId],
    filter.createdAfter,
    filter.createdBefore,
  ];
}
