// The subscribers to lists, found by what concerns them: thousands look on, and each change is for one or two of their
// owners. It knows no database and no stream.

import type { Job } from '../domain/job.ts';
import { createListSlot } from './listSlot.ts';
import type { ListSlot } from './listSlot.ts';
import type { ListSelection } from './watchJobs.ts';

export type ListSlots = {
  /** A slot that is offered nothing before `add`. */
  create(ownerId: string, selection: ListSelection): ListSlot;
  add(slot: ListSlot): void;
  delete(slot: ListSlot): void;
  has(slot: ListSlot): boolean;
  all(): readonly ListSlot[];
  count(): number;
  /** Offers a job as it was just read to the slots of its owners, and its absence to all others that hold it. */
  offer(jobId: string, job: Job | null, ownerIds: readonly string[]): void;
};

export function createListSlots(): ListSlots {
  const slots = new Set<ListSlot>();
  const byOwner = new Map<string, Set<ListSlot>>();
  const holders = new Map<string, Set<ListSlot>>();

  return {
    create(ownerId, selection) {
      const slot: ListSlot = createListSlot(ownerId, selection, (jobId, isHeld) => {
        if (isHeld && slots.has(slot)) addTo(holders, jobId, slot);
        else deleteFrom(holders, jobId, slot);
      });
      return slot;
    },
    add(slot) {
      slots.add(slot);
      addTo(byOwner, slot.ownerId, slot);
    },
    delete(slot) {
      slots.delete(slot);
      deleteFrom(byOwner, slot.ownerId, slot);
      for (const jobId of slot.heldIds()) deleteFrom(holders, jobId, slot);
    },
    has: (slot) => slots.has(slot),
    all: () => [...slots],
    count: () => slots.size,
    offer(jobId, job, ownerIds) {
      for (const ownerId of ownerIds) {
        byOwner.get(ownerId)?.forEach((slot) => slot.offer(jobId, job));
      }
      for (const slot of holders.get(jobId) ?? []) {
        if (!ownerIds.includes(slot.ownerId)) slot.offer(jobId, null);
      }
    },
  };
}

function addTo<Value>(sets: Map<string, Set<Value>>, key: string, value: Value): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function deleteFrom<Value>(sets: Map<string, Set<Value>>, key: string, value: Value): void {
  const set = sets.get(key);
  if (set?.delete(value) === true && set.size === 0) sets.delete(key);
}
