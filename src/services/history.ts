// A caller's history, page by page, in the terms of the Relay connection specification. Cursors are opaque
// to callers and hold a place, not a number: a page stays right while jobs come and go.

import type { Job } from '../domain/job.ts';
import { countHistory, readHistory } from '../db/history.ts';
import { searchHistory } from '../db/historySearch.ts';
import type { HistoryFilter, HistoryOrder, HistoryPlace } from '../db/history.ts';
import type { ViewerId } from '../domain/access.ts';
import type { Queryable } from '../db/pool.ts';
import { InvalidArgument } from './invalidArgument.ts';

/** Null means "not given". */
export type PageArguments = {
  readonly first: number | null;
  readonly after: string | null;
  readonly last: number | null;
  readonly before: string | null;
};

export type HistoryPage = {
  readonly edges: readonly { readonly cursor: string; readonly node: Job }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Counted only when asked for; exact up to 10,000. */
  readonly countAll: () => Promise<number>;
};

const defaultPageSize = 20;
const largestPageSize = 100;
const countCeiling = 10_000;

/** Reads one page. Throws InvalidArgument. See https://relay.dev/graphql/connections.htm */
export async function readHistoryPage(
  db: Queryable,
  viewerId: ViewerId,
  page: PageArguments,
  filter: HistoryFilter,
  order: HistoryOrder,
): Promise<HistoryPage> {
  const { size, fromEnd } = pageSize(page);
  const after = page.after === null ? null : decodeCursor(page.after, order);
  const before = page.before === null ? null : decodeCursor(page.before, order);
  // One more than asked for tells whether there is more, without counting.
  const limit = size + 1;
  const slice = { filter, order, after, before, limit, fromEnd };
  const inReadingOrder =
    filter.words === null
      ? await readHistory(db, viewerId, slice)
      : await searchHistory(db, viewerId, slice, filter.words);
  const found = fromEnd ? inReadingOrder.toReversed() : inReadingOrder;
  const hasMore = found.length > size;
  const jobs = fromEnd ? found.slice(-size) : found.slice(0, size);
  return {
    edges: jobs.map((node) => ({ cursor: encodeCursor(node, order), node })),
    // Beyond a cursor there is a row at least: that of the cursor.
    hasNextPage: before !== null || (!fromEnd && hasMore),
    hasPreviousPage: after !== null || (fromEnd && hasMore),
    countAll: () => countHistory(db, viewerId, filter, countCeiling),
  };
}

function pageSize({ first, last }: PageArguments): { size: number; fromEnd: boolean } {
  if (first !== null && last !== null) {
    throw new InvalidArgument('Send `first` or `last`, not both.');
  }
  const size = first ?? last ?? defaultPageSize;
  if (size < 1 || size > largestPageSize) {
    const name = last === null ? 'first' : 'last';
    throw new InvalidArgument(`\`${name}\` has to be between 1 and ${largestPageSize}.`);
  }
  return { size, fromEnd: last !== null };
}

function placeOf(job: Job, order: HistoryOrder): HistoryPlace {
  const instant = order.field === 'CREATED_AT' ? job.createdAt : job.finishedAt;
  return { at: instant?.toISOString() ?? 'infinity', id: job.id };
}

function encodeCursor(job: Job, order: HistoryOrder): string {
  const { at, id } = placeOf(job, order);
  return Buffer.from(`${order.field} ${at} ${id}`).toString('base64url');
}

const cursorPattern =
  /^(CREATED_AT|FINISHED_AT) (infinity|(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function decodeCursor(cursor: string, order: HistoryOrder): HistoryPlace {
  const [, field, at, id] = cursorPattern.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || id === undefined || field !== order.field || !isInstant(at)) {
    throw new InvalidArgument(
      'This cursor is not one of this list; send one that a page of the same order has answered.',
    );
  }
  return { at, id };
}

/** JavaScript takes the 30th of February for the 2nd of March; Postgres refuses it. */
function isInstant(text: string): boolean {
  if (text === 'infinity') return true;
  const instant = new Date(text);
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === text;
}
