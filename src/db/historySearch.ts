// Words in a caller's history, at the same cost whether a word stands in every title or in one of a million.

import type { Job } from '../domain/job.ts';
import { isTerminal } from '../domain/job.ts';
import {
  eachStatus,
  hasWords,
  liesInSlice,
  matchesFilter,
  readingOrder,
  sliceValues,
  toQuery,
} from './history.ts';
import type { HistorySlice } from './history.ts';
import type { ViewerId } from '../domain/access.ts';
import { jobColumns, toJob } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import type { Queryable } from './pool.ts';

/** How many jobs are looked at in order. What is rarer than a page's worth in so many is looked up instead. */
const stretch = { short: 400, long: 4_000 };

/** Who owns no more than so many jobs has all of them looked at. */
const fewJobs = 3_000;

/**
 * Like readHistory, for those with all the words. In a large history two ways lead to them: in order, looking at each,
 * which is soon done when the words are frequent, and through the index of words, when they are rare. Which it is, a short
 * stretch may tell, or the statistics of words: they name what stands in one of two hundred jobs, so that the index has
 * few of all others. What is between the two is looked for in a longer stretch.
 */
export async function searchHistory(
  db: Queryable,
  viewerId: ViewerId,
  slice: HistorySlice,
  words: readonly string[],
): Promise<Job[]> {
  const values = [...sliceValues(viewerId, slice), toQuery(words), slice.filter.statuses];
  if (await ownsFewJobs(db, viewerId)) return lookThrough(db, values, slice);
  // The longest is rare most likely.
  const [rarest = ''] = words.toSorted((a, b) => b.length - a.length);
  const all = [...values, toQuery([rarest])];
  const jobs =
    (await walk(db, all, slice, stretch.short)) ??
    ((await isRare(db, rarest)) ? null : await walk(db, all, slice, stretch.long)) ??
    (await lookUp(db, all, slice));
  return jobs.slice(0, slice.limit);
}

/** By what the last ANALYZE saw; one that is long ago costs time, and no match. */
async function isRare(db: Queryable, beginning: string): Promise<boolean> {
  const { rows } = await db.query<{ is_rare: boolean }>(
    `-- isRareWord
     select not exists (
       select from unnest(s.most_common_elems::text::text[]) as known(word)
       where starts_with(known.word, lower($1))) as is_rare
     from pg_stats s
     where (s.schemaname, s.tablename, s.attname) = ('tapedeck', 'jobs', 'search')`,
    [beginning],
  );
  return rows[0]?.is_rare ?? false;
}

async function ownsFewJobs(db: Queryable, viewerId: ViewerId): Promise<boolean> {
  if (viewerId === null) return false;
  const { rows } = await db.query(
    `-- ownsFewJobs
     select from tapedeck.job_owners where owner_id = $1 offset $2 limit 1`,
    [viewerId, fewJobs],
  );
  return rows.length === 0;
}

const withWords = `j.search @@ to_tsquery('simple', $11)`;
const withRarest = `j.search @@ to_tsquery('simple', $13)`;
const withStatus = `($12::text[] is null or j.status = any($12))`;
/** Not a join: expecting more matches than there are, Postgres would read all that the owner has. */
const isOwned = `($1::text is null or (select true from tapedeck.job_owners o where o.owner_id = $1 and o.job_id = j.id))`;

async function lookThrough(db: Queryable, values: unknown[], slice: HistorySlice): Promise<Job[]> {
  const { rows } = await db.query<JobRow>(
    `-- searchFewJobs
     with owned as materialized (select job_id from tapedeck.job_owners where owner_id = $1)
     select ${jobColumns('j')} from owned join tapedeck.jobs j on j.id = owned.job_id
     where ${withWords} and ${withStatus} and ${matchesFilter} and ${liesInSlice(slice)}
     order by ${readingOrder(slice)} limit $10`,
    values,
  );
  return rows.map(toJob);
}

/** Null when the stretch was too short. */
async function walk(
  db: Queryable,
  values: unknown[],
  slice: HistorySlice,
  steps: number,
): Promise<Job[] | null> {
  const order = readingOrder(slice);
  // The last step is answered whether it matches or not: it says that there may be more beyond.
  const ended = (status: string) => `
    select j.* from (
      select j.*, row_number() over () = ${steps} as is_last_step from (
        select j.* from tapedeck.jobs j
        where ${status} and ${hasEnded(slice)} and ${matchesFilter} and ${liesInSlice(slice)}
        order by ${order} limit ${steps}) as j) as j
    where (${withWords} and ${isOwned}) or j.is_last_step
    limit $10`;
  const endedStatuses = slice.filter.statuses?.filter(isTerminal) ?? null;
  const { rows } = await db.query<JobRow & { is_match: boolean; is_last_step: boolean }>(
    `-- searchHistory
     with active as ${lookedUp(`j.finished_at is null and ${withRarest}`, slice)}
     select ${jobColumns('j')}, j.is_last_step, ${withWords} and ${isOwned} as is_match
     from (
       (select j.*, false as is_last_step from active j where ${isOwned} order by ${order} limit $10)
       union all
       (select j.* from ${eachStatus(endedStatuses, ended)})) as j
     order by ${order}`,
    values,
  );
  const end = rows.findIndex((row) => row.is_last_step);
  const known = (end === -1 ? rows : rows.slice(0, end + 1)).filter((row) => row.is_match);
  return end !== -1 && known.length < slice.limit ? null : known.map(toJob);
}

/**
 * Of those that are in order of their end, a place among the ended says it already. Said once more, Postgres would take
 * this for the bound and read the index from its end to the place: 25 ms in the middle of a million.
 */
function hasEnded({ order: { field, direction }, after, before }: HistorySlice): string {
  if (field === 'CREATED_AT') return 'j.finished_at is not null';
  const place = direction === 'DESC' ? after : before;
  const isAmongEnded = place !== null && place.at !== 'infinity';
  return isAmongEnded ? 'true' : `coalesce(j.finished_at, 'infinity') < 'infinity'`;
}

async function lookUp(db: Queryable, values: unknown[], slice: HistorySlice): Promise<Job[]> {
  const { rows } = await db.query<JobRow>(
    `-- searchHistoryByWords
     with matching as ${lookedUp(hasWords('$13'), slice)}
     select ${jobColumns('j')} from matching j where ${isOwned}
     order by ${readingOrder(slice)} limit $10`,
    values,
  );
  return rows.map(toJob);
}

/**
 * Materialized, or Postgres would go through all jobs in the order of the page, looking for a word that none has. The
 * index is asked for one word: for the beginning of a frequent one it would first gather all that have it.
 */
function lookedUp(rarest: string, slice: HistorySlice): string {
  return `materialized (
    select j.* from tapedeck.jobs j
    where ${rarest} and (${withWords}) is true
      and ${withStatus} and ${matchesFilter} and ${liesInSlice(slice)})`;
}
