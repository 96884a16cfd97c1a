// What one subscriber to a list of jobs holds, and what they have not been told yet. Pure bookkeeping: it
// reads nothing and knows no stream but the handle it signals.

import type { ViewerId } from '../domain/access.ts';
import { isTerminal } from '../domain/job.ts';
import type { Job } from '../domain/job.ts';
import type { JobsFrame, ListSelection } from './watchJobs.ts';
import type { StreamHandle } from './stream.ts';

export type ListSlot = {
  readonly viewerId: ViewerId;
  readonly selection: ListSelection;
  /** Takes a job as it was just read; null when it is gone or not the caller's. */
  offer(jobId: string, job: Job | null): void;
  /** Takes a job that the subscriber knows from elsewhere: only what becomes of it is told. */
  hold(jobId: string, version: number): void;
  /** The first read is complete: from here on there is something to tell. */
  ready(): void;
  isReady(): boolean;
  /** The ids that the subscriber has on their list. */
  heldIds(): string[];
  /** Everything since the last frame, as one frame. */
  take(): JobsFrame;
  connect(handle: StreamHandle): void;
};

/** `onHold` is told which jobs come onto the list and leave it. */
export function createListSlot(
  viewerId: ViewerId,
  selection: ListSelection,
  onHold: (jobId: string, isHeld: boolean) => void,
): ListSlot {
  const held = new Map<string, number>();
  const changed = new Map<string, Job>();
  const removed = new Set<string>();
  let handle: StreamHandle | undefined;
  let isReady = false;
  let isSnapshot = true;

  const belongs = (job: Job) =>
    (selection.ids === null || selection.ids.includes(job.id)) &&
    (!selection.activeOnly || !isTerminal(job.status));

  const signal = () => {
    if (isReady) handle?.signal();
  };

  return {
    viewerId,
    selection,
    offer(jobId, job) {
      const heldVersion = held.get(jobId);
      if (job !== null && belongs(job)) {
        if (heldVersion !== undefined && job.version <= heldVersion) return;
        held.set(jobId, job.version);
        if (heldVersion === undefined) onHold(jobId, true);
        changed.set(jobId, job);
        removed.delete(jobId);
      } else {
        if (heldVersion === undefined) return;
        held.delete(jobId);
        onHold(jobId, false);
        removed.add(jobId);
        // An active job that ended is shown once more, in its terminal state, before it leaves the list.
        if (job === null) changed.delete(jobId);
        else changed.set(jobId, job);
      }
      signal();
    },
    hold(jobId, version) {
      if (held.has(jobId)) return;
      held.set(jobId, version);
      onHold(jobId, true);
    },
    ready() {
      if (isReady) return;
      isReady = true;
      signal();
    },
    isReady: () => isReady,
    heldIds: () => [...held.keys()],
    take() {
      const frame: JobsFrame = isSnapshot
        ? { isSnapshot, jobs: [...changed.values()].filter(belongs), removedIds: [] }
        : { isSnapshot, jobs: [...changed.values()], removedIds: [...removed] };
      isSnapshot = false;
      changed.clear();
      removed.clear();
      return frame;
    },
    connect(streamHandle) {
      handle = streamHandle;
    },
  };
}
