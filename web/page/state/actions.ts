// What can be done to jobs: cancel, retry, remove. A removal is shown at once and sent only when its
// time for undoing is over, or the page is left.

import { batch } from '@preact/signals';
import {
  CancelJobDocument,
  DeleteJobDocument,
  HistoryIdsDocument,
  type HistoryIdsQuery,
  RetryJobDocument,
  type JobActionErrorCode,
  type JobStatus,
} from '../api/documents.generated.ts';
import { NotAllowed, send } from '../api/send.ts';
import { t } from '../texts/texts.ts';
import { forget, hiddenIds, presentFilter, refreshHistory } from './history.ts';
import { dropJobs, jobSignal, mergeJobs, type Job } from './jobs.ts';
import { markMine } from './mine.ts';
import { say } from './notices.ts';
import { closePlayer, track } from './player.ts';
import { titleOf } from './words.ts';

type Payload = {
  readonly job?: Job | null;
  readonly userErrors: readonly { readonly code: JobActionErrorCode; readonly message: string }[];
} | null;

const atOnce = 4;
/** So many pages of ids are read for what is done to many jobs: 5 000 of them. */
const mostPages = 50;
const finished: readonly JobStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'];

/** Removed for the eye, but not on the server yet. */
const owed = new Set<string>();
/** The row that an undo has just brought back; it takes the focus. */
let broughtBack: string | null = null;

export async function cancel(id: string): Promise<void> {
  await act(id, async () => (await send(CancelJobDocument, { id })).cancelJob);
}

export async function retry(id: string): Promise<void> {
  markMine(id);
  await act(id, async () => (await send(RetryJobDocument, { id })).retryJob);
}

/** Hides the job, and removes it when nobody wanted it back. */
export function remove(id: string): void {
  const job = jobSignal(id)?.peek();
  if (job !== undefined) hideForRemoval([id], t().actions.removed(titleOf(job)));
}

/** Runs every failed job of the present filter again. */
export async function retryFailed(): Promise<void> {
  await withIds(['FAILED'], t().actions.nothingToRetry, async (ids) => {
    say(t().actions.retrying(ids.length));
    await forEach(ids, async (id) => {
      markMine(id);
      mergeJobs([(await send(RetryJobDocument, { id })).retryJob?.job ?? []].flat());
    });
  });
}

/** Removes every finished job of the present filter, with an undo for all of them. */
export async function clearFinished(): Promise<void> {
  await withIds(finished, t().actions.nothingToClear, async (ids) => {
    hideForRemoval(ids, t().actions.removedMany(ids.length));
  });
}

/** Takes a removal back that was not sent yet: somebody wants the job after all. */
export function bringBack(ids: readonly string[]): void {
  for (const id of ids) owed.delete(id);
  show(ids);
}

/** True once for the row that an undo has just brought back. */
export function isBroughtBack(id: string): boolean {
  if (broughtBack !== id) return false;
  broughtBack = null;
  return true;
}

/** Sends what is owed while the page goes. What no longer fits into 64 KiB stays in the history. */
export function payOnLeaving(): void {
  window.addEventListener('pagehide', () => {
    for (const id of owed) send(DeleteJobDocument, { id }, { keepalive: true }).catch(() => {});
    owed.clear();
  });
}

function hideForRemoval(ids: readonly string[], text: string): void {
  for (const id of ids) owed.add(id);
  hiddenIds.value = new Set([...hiddenIds.value, ...ids]);
  if (ids.includes(track.peek()?.id ?? '')) closePlayer();
  say(text, {
    action: { label: t().actions.undo, run: () => undoRemoval(ids) },
    onGone: () => void sendRemovals(ids),
  });
}

function undoRemoval(ids: readonly string[]): void {
  broughtBack = ids[0] ?? null;
  bringBack(ids);
}

async function sendRemovals(ids: readonly string[]): Promise<void> {
  const wanted = ids.filter((id) => owed.has(id));
  await forEach(wanted, async (id) => {
    const { deleteJob } = await send(DeleteJobDocument, { id });
    owed.delete(id);
    const isGone = deleteJob?.userErrors.every(({ code }) => code === 'NOT_FOUND') ?? false;
    // Run again by somebody else meanwhile: it is shown as what it is.
    if (isGone) forget([id]);
  });
  show(wanted);
  // Of many, most were on pages that were never read.
  if (wanted.length > 1) await refreshHistory();
}

function show(ids: readonly string[]): void {
  const left = new Set(hiddenIds.peek());
  for (const id of ids) left.delete(id);
  hiddenIds.value = left;
}

async function act(id: string, call: () => Promise<Payload>): Promise<void> {
  try {
    const payload = await call();
    if (payload === null) return void say(t().actions.failed, { isBad: true });
    batch(() => {
      if (payload.job == null) dropJobs([id]);
      else mergeJobs([payload.job]);
    });
    for (const { code, message } of payload.userErrors) {
      say(t().refusals[code] ?? message, { isBad: true });
    }
  } catch (error) {
    const isForbidden = error instanceof NotAllowed && error.isKnown;
    say(isForbidden ? error.message : t().actions.failed, { isBad: true });
  }
}

/** The ids of the present filter that have one of the statuses, on all pages. */
async function withIds(
  statuses: readonly JobStatus[],
  whenNone: string,
  work: (ids: readonly string[]) => Promise<void>,
): Promise<void> {
  const filter = presentFilter();
  const wanted = statuses.filter((status) => filter.statuses?.includes(status) ?? true);
  const ids: string[] = [];
  let after: string | null = null;
  try {
    for (let page = 0; page < mostPages; page += 1) {
      const { jobs }: HistoryIdsQuery = await send(HistoryIdsDocument, {
        after,
        filter: { ...filter, statuses: wanted },
      });
      ids.push(...(jobs?.nodes.map(({ id }) => id) ?? []));
      after = jobs?.pageInfo.endCursor ?? null;
      if (jobs?.pageInfo.hasNextPage !== true) break;
    }
  } catch {
    return void say(t().actions.failed, { isBad: true });
  }
  const left = ids.filter((id) => !owed.has(id));
  if (left.length === 0) say(whenNone);
  else await work(left);
}

async function forEach(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  const waiting = [...ids];
  const failed: string[] = [];
  const workOff = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      await work(id).catch(() => failed.push(id ?? ''));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, workOff));
  if (failed.length === 0) return;
  bringBack(failed);
  say(t().actions.someFailed(failed.length), { isBad: true });
}
