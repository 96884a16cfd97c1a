// Live status. Each subscriber holds a slot; a change marks its job as dirty; one read at a time fetches all
// dirty jobs and hands each to its slots. Slots register before their first read, so no change falls between.

import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises';
import { mayView } from '../domain/access.ts';
import type { ViewerId } from '../domain/access.ts';
import { isTerminal } from '../domain/job.ts';
import type { Job } from '../domain/job.ts';
import { findNewestJobs, findNewestVersions, readWatchedJobs } from '../db/jobs.ts';
import type { WatchedJob } from '../db/jobs.ts';
import type { Queryable } from '../db/pool.ts';
import type { ListSlot } from './listSlot.ts';
import { createListSlots } from './listSlots.ts';
import { createStream } from './stream.ts';
import type { Stream } from './stream.ts';

/** `job` is null when there is none such, or no more. `isFinal` says that the stream ends. */
export type JobFrame = { readonly job: Job | null; readonly isFinal: boolean };

/** With `isSnapshot`, `jobs` is all there is; otherwise merge it by id and version, then drop `removedIds`. */
export type JobsFrame = {
  readonly isSnapshot: boolean;
  readonly jobs: readonly Job[];
  readonly removedIds: readonly string[];
};

/**
 * Which of the caller's jobs: `ids` null means all of them. With `briefSnapshot` the first frame shows the
 * active ones alone; the ended ones are held unseen, to be told when they change or go.
 */
export type ListSelection = {
  readonly ids: readonly string[] | null;
  readonly activeOnly: boolean;
  readonly briefSnapshot?: boolean;
};

export type JobWatch = {
  /**
   * The state now, then every newer one, coalesced; ends by itself after a terminal state. A null `jobId`
   * stands for an id that no job can have. `afterVersion` spares a first frame of that version.
   */
  watchJob(viewerId: ViewerId, jobId: string | null, afterVersion: number | null): Stream<JobFrame>;
  /** The caller's jobs; does not end by itself. */
  watchJobs(viewerId: ViewerId, selection: ListSelection): Stream<JobsFrame>;
  /** Jobs may have changed. */
  onChange(jobIds: readonly string[]): void;
  /** Anything may have changed: reads every watched job again. */
  resync(): void;
  /** Open streams, for the metrics. */
  countStreams(): number;
};

type WatchOptions = {
  readonly db: Queryable;
  readonly onReadError: (error: unknown) => void;
};

/** Takes one job after another as it was read; null when it is gone or not the caller's. */
type JobSlot = {
  readonly viewerId: ViewerId;
  /** An earlier read may show what was before the subscriber came, and even end their stream. */
  readonly firstRead: number;
  offer(jobId: string, job: Job | null): void;
};

const idsPerRead = 1_000;
const pauseAfterErrorMs = 1_000;
/** Below the shortest it is not worth a timer: a change that few follow; above the longest it was frozen, not busy. */
const restMs = { shortest: 5, longest: 1_000 };
/** The first frame of `watchJobs` shows at most so many jobs; the history has the rest. */
const snapshotSize = 500;

export function createJobWatch({ db, onReadError }: WatchOptions): JobWatch {
  const slotsByJob = new Map<string, Set<JobSlot>>();
  const listSlots = createListSlots();
  const dirty = new Set<string>();
  let isReading = false;
  let readsBegun = 0;

  const isWatched = (id: string) => listSlots.count() > 0 || slotsByJob.has(id);

  async function readDirty(): Promise<void> {
    if (isReading) return;
    isReading = true;
    while (dirty.size > 0) {
      const next = [...dirty].slice(0, idsPerRead);
      for (const id of next) dirty.delete(id);
      // Most may be nobody's; the last reader of others may have left meanwhile, and the process may be stopping.
      const ids = next.filter(isWatched);
      if (ids.length === 0) continue;
      try {
        readsBegun += 1;
        const found = await readWatchedJobs(db, ids);
        const toldAt = performance.now();
        deliver(ids, found);
        await restAfter(toldAt);
      } catch (error) {
        // The streams stay open and are exact again as soon as the database is.
        for (const id of ids) dirty.add(id);
        onReadError(error);
        await delay(pauseAfterErrorMs, undefined, { ref: false });
      }
    }
    isReading = false;
  }

  function deliver(ids: readonly string[], found: readonly WatchedJob[]): void {
    const watched = new Map(found.map((entry) => [entry.job.id, entry]));
    for (const id of ids) {
      const entry: Partial<WatchedJob> = watched.get(id) ?? {};
      const { job = null, ownerIds = [] } = entry;
      slotsByJob.get(id)?.forEach((slot) => {
        if (slot.firstRead > readsBegun) return;
        slot.offer(id, mayView(slot.viewerId, ownerIds) ? job : null);
      });
      listSlots.offer(id, job, ownerIds);
    }
  }

  function onChange(jobIds: readonly string[]): void {
    for (const id of jobIds) dirty.add(id);
    void readDirty();
  }

  function watchJob(
    viewerId: ViewerId,
    jobId: string | null,
    afterVersion: number | null,
  ): Stream<JobFrame> {
    let newest: JobFrame = { job: null, isFinal: true };
    return createStream(
      () => newest,
      (handle) => {
        if (jobId === null) {
          handle.signal();
          handle.end();
          return () => {};
        }
        let lastVersion: number | null = null;
        let isEnded = false;
        const slot: JobSlot = {
          viewerId,
          firstRead: readsBegun + 1,
          offer(_, job) {
            if (isEnded) return;
            if (job !== null && lastVersion !== null && job.version <= lastVersion) return;
            const isFinal = job === null || isTerminal(job.status);
            const isKnown = lastVersion === null && !isFinal && job.version <= (afterVersion ?? -1);
            lastVersion = job?.version ?? lastVersion;
            if (isKnown) return;
            newest = { job, isFinal };
            handle.signal();
            if (!isFinal) return;
            isEnded = true;
            handle.end();
          },
        };
        const slots = slotsByJob.get(jobId) ?? new Set();
        slotsByJob.set(jobId, slots.add(slot));
        onChange([jobId]);
        return () => {
          slots.delete(slot);
          if (slots.size === 0 && slotsByJob.get(jobId) === slots) slotsByJob.delete(jobId);
        };
      },
    );
  }

  function watchJobs(viewerId: ViewerId, selection: ListSelection): Stream<JobsFrame> {
    const slot = listSlots.create(viewerId, selection);
    return createStream(slot.take, (handle) => {
      slot.connect(handle);
      listSlots.add(slot);
      void loadList(slot);
      return () => listSlots.delete(slot);
    });
  }

  async function loadList(slot: ListSlot): Promise<void> {
    const { ids, briefSnapshot = false } = slot.selection;
    while (listSlots.has(slot)) {
      // What came and ended unheard is found again only by looking at all.
      const activeOnly = slot.selection.activeOnly || (briefSnapshot && !slot.isReady());
      try {
        const jobs =
          ids === null
            ? await findNewestJobs(db, slot.viewerId, { activeOnly, limit: snapshotSize })
            : (await readWatchedJobs(db, ids))
                .filter(({ ownerIds }) => mayView(slot.viewerId, ownerIds))
                .map(({ job }) => job);
        // A live list only takes what `readDirty` reads, one read after another: these rows may be older than
        // what it has told already, and would bring back a job that has left.
        if (slot.isReady()) {
          onChange(jobs.map(({ id }) => id));
          return;
        }
        const unseen =
          briefSnapshot && ids === null
            ? await findNewestVersions(db, slot.viewerId, snapshotSize)
            : [];
        for (const job of jobs) slot.offer(job.id, job);
        for (const { id, version } of unseen) slot.hold(id, version);
        slot.ready();
        // A job that left while we read was told before it was held: ask once more.
        onChange(slot.heldIds());
        return;
      } catch (error) {
        onReadError(error);
        await delay(pauseAfterErrorMs, undefined, { ref: false });
      }
    }
  }

  return {
    watchJob,
    watchJobs,
    onChange,
    resync() {
      onChange([...slotsByJob.keys()]);
      for (const slot of listSlots.all()) {
        onChange(slot.heldIds());
        void loadList(slot);
      }
    },
    countStreams: () =>
      listSlots.count() + [...slotsByJob.values()].reduce((sum, slots) => sum + slots.size, 0),
  };
}

/**
 * As long as telling took, the process is left to requests; what changes meanwhile is merged. Most frames are made and sent
 * before the event loop turns: then their cost is known, near enough.
 */
async function restAfter(toldAt: number): Promise<void> {
  await immediate();
  const tookMs = performance.now() - toldAt;
  if (tookMs < restMs.shortest) return;
  await delay(Math.min(tookMs, restMs.longest), undefined, { ref: false });
}
