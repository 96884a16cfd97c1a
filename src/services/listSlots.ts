// The subscribers to lists, found by what concerns them: thousands look on, and each change is for one or two of their
// owners. It knows no database and no stream.

import type { ViewerId } from '../domain/access.ts';
import type { Job } from '../domain/job.ts';
import { createListSlot } from './listSlot.ts';
import type { ListSlot } from './listSlot.ts';
import type { ListSelection } from './watchJobs.ts';

export type ListSlots = {
  /** A slot that is offered nothing before `add`. */
  create(viewerId: ViewerId, selection: ListSelection): ListSlot;
  add(slot: ListSlot): void;
  delete(slot: ListSlot): void;
  has(slot: ListSlot): boolean;
  all(): readonly ListSlot[];
  count(): number;
  /** Offers a job as it was just read to the slots of its owners and of admins, and its absence to all others that hold it. */
  offer(jobId: string, job: Job | null, ownerIds: readonly string[]): void;
};

export function createListSlots(): ListSlots {
  const slots = new Set<ListSlot>();
  const byViewer = new Map<ViewerId, Set<ListSlot>>();
  const holders = new Map<string, Set<ListSlot>>();

  return {
    create(viewerId, selection) {
      const slot: ListSlot = createListSlot(viewerId, selection, (jobId, isHeld) => {
        if (isHeld && slots.has(slot)) addTo(holders, jobId, slot);
        else deleteFrom(holders, jobId, slot);
      });
      return slot;
    },
    add(slot) {
      slots.add(slot);
      addTo(byViewer, slot.viewerId, slot);
    },
    delete(slot) {
      slots.delete(slot);
      deleteFrom(byViewer, slot.viewerId, slot);
      for (const jobId of slot.heldIds()) deleteFrom(holders, jobId, slot);
    },
    has: (slot) => slots.has(slot),
    all: () => [...slots],
    count: () => slots.size,
    offer(jobId, job, ownerIds) {
      const viewerIds: readonly ViewerId[] = job === null ? [] : [...ownerIds, null];
      for (const viewerId of viewerIds) {
        byViewer.get(viewerId)?.forEach((slot) => slot.offer(jobId, job));
      }
      for (const slot of holders.get(jobId) ?? []) {
        if (!viewerIds.includes(slot.viewerId)) slot.offer(jobId, null);
      }
    },
  };
}

function addTo<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function deleteFrom<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = sets.get(key);
  if (set?.delete(value) === true && set.size === 0) sets.delete(key);
}
