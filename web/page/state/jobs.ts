// All jobs that the page knows, each in a signal of its own, so that a frame redraws only the rows that
// it changed. Of two copies the one with the larger version stays, wherever they come from.

import { batch, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { JobRowFragment } from '../api/documents.generated.ts';

export type Job = JobRowFragment;

/** Told of every merged change; `before` is undefined for a job that was not known. */
type ChangeListener = (job: Job, before: Job | undefined) => void;

type Cell = { readonly job: Signal<Job>; heardAt: number };

const cells = new Map<string, Cell>();
const listeners = new Set<ChangeListener>();
const revision = signal(0);
let waiting: Job[] = [];
let isFlushPlanned = false;

/** Rises when a job comes, goes, or changes what a list may be filtered by. */
export const listRevision: ReadonlySignal<number> = revision;

/** The job's signal; undefined when it is not known. */
export const jobSignal = (id: string): ReadonlySignal<Job> | undefined => cells.get(id)?.job;

/** All jobs as they are, without subscribing to any of them. */
export function knownJobs(): Job[] {
  return [...cells.values()].map(({ job }) => job.peek());
}

export function onJobChange(listener: ChangeListener): void {
  listeners.add(listener);
}

/** Takes in jobs that were just read. */
export function mergeJobs(jobs: readonly Job[]): void {
  batch(() => {
    for (const job of jobs) mergeJob(job);
  });
}

/** The same, together with everything else that comes within one animation frame. */
export function mergeJobsSoon(jobs: readonly Job[]): void {
  waiting.push(...jobs);
  if (isFlushPlanned) return;
  isFlushPlanned = true;
  const flush = () => {
    const ready = waiting;
    waiting = [];
    isFlushPlanned = false;
    mergeJobs(ready);
  };
  // A hidden page gets no animation frames, and its title shows progress all the same.
  if (document.visibilityState === 'visible') requestAnimationFrame(flush);
  else setTimeout(flush, 250);
}

/** Forgets jobs that are no more. */
export function dropJobs(ids: Iterable<string>): void {
  const gone = new Set(ids);
  // What waits for its frame would bring them back.
  waiting = waiting.filter(({ id }) => !gone.has(id));
  batch(() => {
    for (const id of gone) if (cells.delete(id)) revision.value += 1;
  });
}

/** Those of the jobs that nothing was heard of since `instant`, as given by performance.now(). */
export function silentSince(instant: number): Job[] {
  return [...cells.values()]
    .filter(({ heardAt }) => heardAt < instant)
    .map(({ job }) => job.peek());
}

function mergeJob(job: Job): void {
  const cell = cells.get(job.id);
  const before = cell?.job.peek();
  if (cell === undefined) {
    cells.set(job.id, { job: signal(job), heardAt: performance.now() });
  } else {
    cell.heardAt = performance.now();
    if (before !== undefined && !isNewer(job, before)) return;
    cell.job.value = job;
  }
  if (before === undefined || matters(job, before)) revision.value += 1;
  for (const listener of listeners) listener(job, before);
}

/** A place in the queue and the link of an MP3 are made when they are asked for, without a new version. */
function isNewer(job: Job, held: Job): boolean {
  if (job.version !== held.version) return job.version > held.version;
  return job.queuePosition !== held.queuePosition || job.result?.url !== held.result?.url;
}

function matters(job: Job, before: Job): boolean {
  return job.status !== before.status || job.source?.title !== before.source?.title;
}
