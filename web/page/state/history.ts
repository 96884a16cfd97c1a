// The history as it is shown: which jobs, in which order, and how far back they were read. The list is
// made of the jobs that the page knows, down to where the pages of the connection have reached.

import { batch, computed, signal } from '@preact/signals';
import {
  HistoryDocument,
  type HistoryQuery,
  type HistoryQueryVariables,
  type JobFilter,
  type JobStatus,
} from '../api/documents.generated.ts';
import { send } from '../api/send.ts';
import { dropJobs, jobSignal, knownJobs, listRevision, mergeJobs, silentSince } from './jobs.ts';
import type { Job } from './jobs.ts';

/** What the list can be narrowed to, with the statuses that it stands for. */
export const shownStatuses = {
  all: null,
  active: ['QUEUED', 'RUNNING'],
  ready: ['SUCCEEDED'],
  failed: ['FAILED'],
  gone: ['CANCELED', 'EXPIRED'],
} satisfies Record<string, readonly JobStatus[] | null>;

export type Shown = keyof typeof shownStatuses;

/** How far the pages have reached under the present filter. */
type Reach = {
  readonly state: 'loading' | 'waiting' | 'complete' | 'failed';
  /** For the next page; null before the first. */
  readonly cursor: string | null;
  /** The last job that was read; older ones are not shown yet. Null before the first page. */
  readonly last: Pick<Job, 'id' | 'createdAt'> | null;
  /** Of all that match; null before the first page. */
  readonly totalCount: number | null;
};

const nothingRead: Reach = { state: 'loading', cursor: null, last: null, totalCount: null };
const pageSize = 50;
const largestPageSize = 100;

export const shown = signal<Shown>('all');
export const searched = signal('');
export const reach = signal<Reach>(nothingRead);

/** Jobs that were asked for again just now: they stand above all others, the latest first. */
const lifted = signal<readonly string[]>([]);
/** Jobs that are about to be deleted. */
export const hiddenIds = signal<ReadonlySet<string>>(new Set());
/** Told of by the stream, and again by the answer to one's own deletion. */
const deleted = new Set<string>();
/** Rows stay in a narrowed list when they change, until it is narrowed otherwise. */
const kept = new Set<string>();
/** Rises with each change of the filter: answers for an earlier one are not taken. */
let filterNumber = 0;

/** The ids of the rows, from top to bottom. */
export const rowIds = computed<readonly string[]>(() => {
  void listRevision.value;
  const { state, last } = reach.value;
  const isInReach = (job: Job) =>
    state === 'complete' || (last !== null && compare(job, last) <= 0) || !job.isTerminal;
  const jobs = knownJobs().filter((job) => {
    if (hiddenIds.value.has(job.id)) return false;
    if (lifted.value.includes(job.id) && searched.value === '' && shown.value === 'all')
      return true;
    const isShown = kept.has(job.id) || (matches(job) && isInReach(job));
    if (isShown) kept.add(job.id);
    return isShown;
  });
  const places = new Map(lifted.value.map((id, index) => [id, index]));
  const place = ({ id }: Job) => places.get(id) ?? Infinity;
  return jobs
    .toSorted((a, b) => (place(a) === place(b) ? compare(a, b) : place(a) - place(b)))
    .map(({ id }) => id);
});

/** Narrows the list, or widens it again. */
export function narrow(to: { readonly shown?: Shown; readonly searched?: string }): void {
  batch(() => {
    kept.clear();
    lifted.value = [];
    filterNumber += 1;
    if (to.shown !== undefined) shown.value = to.shown;
    if (to.searched !== undefined) searched.value = to.searched;
    reach.value = nothingRead;
  });
  void loadMore();
}

/** Puts a job on top, as if it were new. */
export function lift(id: string): void {
  lifted.value = [id, ...lifted.value.filter((other) => other !== id)];
}

/** The present filter in the API's words. */
export function presentFilter(): JobFilter {
  const search = searched.peek().trim();
  return { statuses: shownStatuses[shown.peek()], search: search === '' ? null : search };
}

/** Forgets all that was read: it was somebody else's. */
export function forgetAll(): void {
  batch(() => {
    kept.clear();
    filterNumber += 1;
    dropJobs(knownJobs().map(({ id }) => id));
    lifted.value = [];
    reach.value = nothingRead;
  });
}

/** Forgets jobs that were deleted, here or elsewhere. */
export function forget(ids: readonly string[]): void {
  const hidden = new Set(hiddenIds.peek());
  const isAll = shown.peek() === 'all' && searched.peek() === '';
  const counted = ids.filter((id) => {
    const job = jobSignal(id)?.peek();
    const isCounted = hidden.delete(id) || (job === undefined ? isAll : matches(job));
    return isCounted && !deleted.has(id);
  });
  for (const id of ids) deleted.add(id);
  const { totalCount } = reach.peek();
  batch(() => {
    dropJobs(ids);
    hiddenIds.value = hidden;
    if (totalCount !== null)
      reach.value = { ...reach.peek(), totalCount: totalCount - counted.length };
  });
}

/** Reads the next page, or the first. */
export async function loadMore(): Promise<void> {
  const { cursor, last } = reach.peek();
  const number = filterNumber;
  reach.value = { ...reach.peek(), state: 'loading' };
  try {
    const variables = { first: pageSize, after: cursor, filter: presentFilter() };
    const { jobs: page } = await send(HistoryDocument, variables);
    if (number !== filterNumber || page === null) return;
    batch(() => {
      mergeJobs(page.nodes);
      // The server's search knows better than ours what matches.
      for (const { id } of page.nodes) kept.add(id);
      reach.value = {
        state: page.pageInfo.hasNextPage ? 'waiting' : 'complete',
        cursor: page.pageInfo.endCursor ?? cursor,
        last: page.nodes.at(-1) ?? last,
        totalCount: page.totalCount,
      };
    });
  } catch {
    if (number === filterNumber) reach.value = { ...reach.peek(), state: 'failed' };
  }
}

/**
 * Reads again what is shown, after a time in which nothing was heard: what was deleted elsewhere goes,
 * what is new comes.
 */
export async function refreshHistory(): Promise<void> {
  const { last } = reach.peek();
  if (last === null) return loadMore();
  const startedAt = performance.now();
  const number = filterNumber;
  const filter = presentFilter();
  const found = new Set<string>();
  let after: string | null = null;
  let totalCount = 0;
  let isEnd = false;
  try {
    for (;;) {
      const variables: HistoryQueryVariables = { first: largestPageSize, after, filter };
      const { jobs: page }: HistoryQuery = await send(HistoryDocument, variables);
      if (number !== filterNumber || page === null) return;
      mergeJobs(page.nodes);
      for (const { id } of page.nodes) found.add(id);
      ({ totalCount } = page);
      after = page.pageInfo.endCursor;
      isEnd = !page.pageInfo.hasNextPage;
      const lowest = page.nodes.at(-1);
      if (isEnd || lowest === undefined || compare(lowest, last) >= 0) break;
    }
  } catch {
    // The next return of the connection asks again.
    return;
  }
  batch(() => {
    reach.value = { ...reach.peek(), totalCount };
    const isGone = (job: Job) =>
      job.isTerminal && !found.has(job.id) && matches(job) && (isEnd || compare(job, last) <= 0);
    dropJobs(
      silentSince(startedAt)
        .filter(isGone)
        .map(({ id }) => id),
    );
  });
}

function matches(job: Job): boolean {
  const statuses: readonly JobStatus[] | null = shownStatuses[shown.value];
  if (statuses !== null && !statuses.includes(job.status)) return false;
  const words = searched.value.toLowerCase().split(/\s+/u);
  const text = [job.source?.title, job.source?.uploader, job.source?.externalId, job.sourceUrl]
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The order of the history: the latest request first. Instants in RFC 3339 compare as text. */
function compare(a: Pick<Job, 'id' | 'createdAt'>, b: Pick<Job, 'id' | 'createdAt'>): number {
  if (a.createdAt !== b.createdAt) return a.createdAt > b.createdAt ? -1 : 1;
  return a.id === b.id ? 0 : a.id > b.id ? -1 : 1;
}

/** The finished jobs of the list, in its order: what the player walks through. */
export const playableIds = computed<readonly string[]>(() =>
  rowIds.value.filter((id) => jobSignal(id)?.peek().status === 'SUCCEEDED'),
);
