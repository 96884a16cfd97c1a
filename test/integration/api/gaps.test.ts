// Between the read of a state and its telling, the state changes: nothing may fall into the gap, and nothing
// old may come back. A hook in the hub's database makes the change at that very moment.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { enterPhase, failAttempt } from '../../../src/db/attempts.ts';
import type { Queryable } from '../../../src/db/pool.ts';
import { createJobWatch } from '../../../src/services/watchJobs.ts';
import type { JobFrame, JobsFrame, JobWatch } from '../../../src/services/watchJobs.ts';
import type { Stream } from '../../../src/services/stream.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { readAll, watch } from '../../support/graphql.ts';
import { failJob, queueJob, runJob } from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';
import { lastFor } from '../../support/lasting.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const owner = 'everybody';
type ReadName = 'readWatchedJobs' | 'findNewestJobs';

type Hub = {
  readonly jobWatch: JobWatch;
  readonly countReads: () => number;
  /** Until the hub has handed out what it is told of now. */
  readonly whenTold: () => Promise<void>;
  /** Once, when the next read of that name has its rows but has not handed them out. */
  readonly duringNext: (read: ReadName, act: () => Promise<void>) => void;
};

function createHub(): Hub {
  const acts = new Map<string, () => Promise<void>>();
  let reads = 0;
  const db: Queryable = {
    async query(statement, values) {
      const result = await app.app.pool.query(statement, values);
      const text = typeof statement === 'string' ? statement : statement.text;
      const [, name = ''] = /-- (\w+)/.exec(text) ?? [];
      const act = acts.get(name);
      acts.delete(name);
      await act?.();
      reads += 1;
      return result as never;
    },
  };
  const jobWatch = createJobWatch({
    db,
    onReadError: (error) => {
      throw error;
    },
  });
  return {
    jobWatch,
    countReads: () => reads,
    async whenTold() {
      const before = reads;
      await eventually('the hub to read', () => reads > before);
    },
    duringNext: (read, act) => acts.set(read, act),
  };
}

/** The change, and what the LISTEN connection would say about it. */
function announced(hub: Hub, job: MadeJob, change: () => Promise<unknown>) {
  return async () => {
    await change();
    hub.jobWatch.onChange([job.jobId]);
  };
}

const fail = (job: MadeJob) => () => failAttempt(app.app.pool, job, 'PRIVATE');

async function take<Frame>(stream: Stream<Frame>): Promise<Frame | null> {
  const { done, value } = await stream.next();
  return done === true ? null : value();
}

const brief = (frame: JobFrame | null) => frame && [frame.job?.version, frame.isFinal];
const briefList = (frame: JobsFrame | null) =>
  frame && [
    frame.isSnapshot ? 'snapshot' : 'change',
    ...frame.jobs.map(({ id, version, status }) => `${id} ${version} ${status}`),
    ...frame.removedIds.map((id) => `${id} removed`),
  ];

describe('one job', () => {
  test('that ends while its first state is read: the end is told', async () => {
    const [hub, job] = [createHub(), await runJob(app)];
    hub.duringNext('readWatchedJobs', announced(hub, job, fail(job)));
    const stream = hub.jobWatch.watchJob(owner, job.jobId, null);
    expect(brief(await take(stream))).toEqual([2, false]);
    expect(brief(await take(stream))).toEqual([3, true]);
    expect(await take(stream)).toBeNull();
  });

  test('that ends while a later state is read: the end is told', async () => {
    const [hub, job] = [createHub(), await runJob(app)];
    const stream = hub.jobWatch.watchJob(owner, job.jobId, null);
    await take(stream);
    hub.duringNext('readWatchedJobs', announced(hub, job, fail(job)));
    await announced(hub, job, () => enterPhase(app.app.pool, job, 'DOWNLOADING', 0.1))();
    expect(brief(await take(stream))).toEqual([3, false]);
    expect(brief(await take(stream))).toEqual([4, true]);
  });

  test('that ends while the state that the client holds is read: the end is told', async () => {
    const [hub, job] = [createHub(), await runJob(app)];
    hub.duringNext('readWatchedJobs', announced(hub, job, fail(job)));
    const stream = hub.jobWatch.watchJob(owner, job.jobId, 2);
    expect(brief(await take(stream))).toEqual([3, true]);
  });

  test('a watcher who comes while it is read for another begins with the newest state', async () => {
    const [hub, job] = [createHub(), await runJob(app)];
    const first = hub.jobWatch.watchJob(owner, job.jobId, null);
    const second = hub.jobWatch.watchJob(owner, job.jobId, null);
    const begun = Promise.withResolvers<JobFrame | null>();
    hub.duringNext('readWatchedJobs', async () => {
      await enterPhase(app.app.pool, job, 'DOWNLOADING', 0.1);
      begun.resolve(take(second));
    });
    expect(brief(await take(first))).toEqual([2, false]);
    expect(brief(await begun.promise)).toEqual([3, false]);
    await Promise.all([first.return?.(), second.return?.()]);
  });

  test('a watcher who comes after a retry is not ended by the failure before it', async () => {
    const [hub, job] = [createHub(), await failJob(app)];
    const first = hub.jobWatch.watchJob(owner, job.jobId, null);
    const second = hub.jobWatch.watchJob(owner, job.jobId, null);
    const begun = Promise.withResolvers<JobFrame | null>();
    hub.duringNext('readWatchedJobs', async () => {
      await app.app.context.requests.retry(owner, job.jobId);
      begun.resolve(take(second));
    });
    expect(brief(await take(first))).toEqual([3, true]);
    expect(brief(await begun.promise)).toEqual([4, false]);
    await second.return?.();
  });

  test('that changes again and again while the process rests from telling is read once for all of it', async () => {
    const [hub, job] = [createHub(), await runJob(app)];
    const stream = hub.jobWatch.watchJob(owner, job.jobId, null);
    hub.duringNext('readWatchedJobs', async () => {
      await enterPhase(app.app.pool, job, 'DOWNLOADING', 0.1);
    });
    const { value } = await stream.next();
    // What the frames of some thousand streams cost, before the event loop turns.
    const until = performance.now() + 800;
    while (performance.now() < until);
    expect(brief(value())).toEqual([2, false]);
    const reads = hub.countReads();
    for (let change = 0; change < 5; change += 1) {
      hub.jobWatch.onChange([job.jobId]);
      await new Promise(setImmediate);
    }
    expect(hub.countReads()).toBe(reads);
    expect(brief(await take(stream))).toEqual([3, false]);
    expect(hub.countReads()).toBe(reads + 1);
    await stream.return?.();
  });

  test('that changed while the process rested, and whose reader has left meanwhile, is not read any more', async () => {
    const [hub, job] = [createHub(), await runJob(app)];
    const stream = hub.jobWatch.watchJob(owner, job.jobId, null);
    await stream.next();
    const until = performance.now() + 200;
    while (performance.now() < until);
    const reads = hub.countReads();
    hub.jobWatch.onChange([job.jobId]);
    await stream.return?.();
    await lastFor(0.5);
    expect(hub.countReads()).toBe(reads);
  });

  test('subscribed over WebSocket while writers race: every stream ends with the end', async () => {
    const rounds = 75;
    const ends: unknown[] = [];
    for (let first = 0; first < rounds; first += 25) {
      await Promise.all(
        Array.from({ length: 25 }, async () => {
          const job = await runJob(app);
          const query = `subscription ($id: ID!) { job(id: $id) { isFinal job { version status } } }`;
          const [frames] = await Promise.all([
            readAll(watch(app.url, query, { id: job.id })),
            enterPhase(app.app.pool, job, 'DOWNLOADING', 0.1).then(fail(job)),
          ]);
          const versions = frames.map((frame) => frame.job.version);
          expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
          ends.push(frames.at(-1));
        }),
      );
    }
    const end = { isFinal: true, job: { version: 4, status: 'FAILED' } };
    expect(ends).toEqual(Array.from({ length: rounds }, () => end));
    await eventually('no stream', () => app.app.context.jobWatch.countStreams() === 0);
  });
});

describe('a list', () => {
  test('a job that ends while the snapshot is read leaves the list', async () => {
    await app.database.pool.query(`delete from tapedeck.jobs`);
    const [hub, job] = [createHub(), await runJob(app)];
    hub.duringNext('findNewestJobs', async () => {
      await announced(hub, job, fail(job))();
      // The list does not hold the job yet, so that this tells it nothing.
      await hub.whenTold();
    });
    const stream = hub.jobWatch.watchJobs(owner, { ids: null, activeOnly: true });
    expect(briefList(await take(stream))).toEqual(['snapshot', `${job.jobId} 2 RUNNING`]);
    expect(briefList(await take(stream))).toEqual([
      'change',
      `${job.jobId} 3 FAILED`,
      `${job.jobId} removed`,
    ]);
    await stream.return?.();
  });

  test('a job that is requested while the snapshot is read appears', async () => {
    await app.database.pool.query(`delete from tapedeck.jobs`);
    const hub = createHub();
    let jobId = '';
    hub.duringNext('findNewestJobs', async () => {
      ({ jobId } = await queueJob(app));
      hub.jobWatch.onChange([jobId]);
    });
    const stream = hub.jobWatch.watchJobs(owner, { ids: null, activeOnly: true });
    const seen = [briefList(await take(stream))];
    if (seen[0]?.length === 1) seen.push(briefList(await take(stream)));
    expect(seen.at(-1)).toContain(`${jobId} 1 QUEUED`);
    await stream.return?.();
  });

  test('a job that is deleted while the snapshot is read leaves the list', async () => {
    await app.database.pool.query(`delete from tapedeck.jobs`);
    const [hub, job] = [createHub(), await failJob(app)];
    hub.duringNext('findNewestJobs', async () => {
      await announced(hub, job, () => app.app.context.requests.remove(owner, job.jobId))();
      await hub.whenTold();
    });
    const stream = hub.jobWatch.watchJobs(owner, { ids: null, activeOnly: false });
    expect(briefList(await take(stream))).toEqual(['snapshot', `${job.jobId} 3 FAILED`]);
    expect(briefList(await take(stream))).toEqual(['change', `${job.jobId} removed`]);
    await stream.return?.();
  });

  test('a job that ends while everything is read again after an outage does not come back', async () => {
    await app.database.pool.query(`delete from tapedeck.jobs`);
    const [hub, job] = [createHub(), await runJob(app)];
    const stream = hub.jobWatch.watchJobs(owner, { ids: null, activeOnly: true });
    expect(briefList(await take(stream))).toEqual(['snapshot', `${job.jobId} 2 RUNNING`]);
    const told: unknown[] = [];
    hub.duringNext('findNewestJobs', async () => {
      await announced(hub, job, fail(job))();
      told.push(briefList(await take(stream)));
    });
    hub.jobWatch.resync();
    await eventually('the end', () => told.length > 0);
    expect(told).toEqual([['change', `${job.jobId} 3 FAILED`, `${job.jobId} removed`]]);
    const other = await queueJob(app);
    hub.jobWatch.onChange([other.jobId]);
    expect(briefList(await take(stream))).toEqual(['change', `${other.jobId} 1 QUEUED`]);
    await stream.return?.();
  });
});
