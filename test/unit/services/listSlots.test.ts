import { describe, expect, jest, test } from '@jest/globals';
import type { Job } from '../../../src/domain/job.ts';
import { createListSlots } from '../../../src/services/listSlots.ts';

const everything = { ids: null, activeOnly: false };

function job(id: string, version = 1): Job {
  return { id, version, status: 'RUNNING' } as Job;
}

/** A slot of that owner that has read its list and told its first frame. */
function openSlot(slots: ReturnType<typeof createListSlots>, ownerId: string) {
  const slot = slots.create(ownerId, everything);
  slots.add(slot);
  slot.ready();
  slot.take();
  return slot;
}

describe('a changed job', () => {
  test('is offered to its owners, and to nobody else', () => {
    const slots = createListSlots();
    const mine = openSlot(slots, 'alice');
    const foreign = Array.from({ length: 100 }, (_, nth) => openSlot(slots, `other ${nth}`));
    const offers = foreign.map((slot) => jest.spyOn(slot, 'offer'));
    slots.offer('a', job('a'), ['alice']);
    expect(mine.take().jobs).toEqual([job('a')]);
    for (const offer of offers) expect(offer).not.toHaveBeenCalled();
  });

  test('is taken from who held it and owns it no more, while the others keep it', () => {
    const slots = createListSlots();
    const [alice, bob] = [openSlot(slots, 'alice'), openSlot(slots, 'bob')];
    slots.offer('a', job('a'), ['alice', 'bob']);
    expect([alice.take().jobs.length, bob.take().jobs.length]).toEqual([1, 1]);
    slots.offer('a', job('a', 2), ['bob']);
    expect(alice.take()).toEqual({ isSnapshot: false, jobs: [], removedIds: ['a'] });
    expect(bob.take()).toEqual({ isSnapshot: false, jobs: [job('a', 2)], removedIds: [] });
  });

  test('is taken from everybody when it is gone', () => {
    const slots = createListSlots();
    const [alice, bob] = [openSlot(slots, 'alice'), openSlot(slots, 'bob')];
    slots.offer('a', job('a'), ['alice', 'bob']);
    slots.offer('a', null, []);
    expect([alice.take().removedIds, bob.take().removedIds]).toEqual([['a'], ['a']]);
  });

  test('that is held unseen is taken away like any other', () => {
    const slots = createListSlots();
    const alice = openSlot(slots, 'alice');
    alice.hold('a', 3);
    slots.offer('a', null, []);
    expect(alice.take().removedIds).toEqual(['a']);
  });

  test('is not offered to who has left, and nothing of them is kept', () => {
    const slots = createListSlots();
    const alice = openSlot(slots, 'alice');
    slots.offer('a', job('a'), ['alice']);
    slots.delete(alice);
    const offer = jest.spyOn(alice, 'offer');
    slots.offer('a', job('a', 2), ['alice']);
    slots.offer('a', null, []);
    expect(offer).not.toHaveBeenCalled();
    expect(slots.count()).toBe(0);
  });
});
