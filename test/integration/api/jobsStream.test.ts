// The caller's jobs watched as a list: a snapshot, then what changed in it.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { deleteJob } from '../../../src/db/actions.ts';
import { enterPhase } from '../../../src/db/attempts.ts';
import { writeProgress } from '../../../src/db/progress.ts';
import { expireDueArtifacts } from '../../../src/db/upkeep.ts';
import { fromGlobalId, toGlobalId } from '../../../src/resolvers/globalId.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, watch } from '../../support/graphql.ts';
import type { Frames } from '../../support/graphql.ts';
import { failJob, queueJob, runJob, succeedJob } from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());
beforeEach(async () => {
  await app.database.pool.query(`delete from tapedeck.jobs`);
});

type Frame = {
  isSnapshot: boolean;
  jobs: { id: string; status: string; version: number }[];
  removedIds: string[];
};

type Selection = { ids?: string[]; activeOnly?: boolean; briefSnapshot?: boolean };

function watchJobs(selection: Selection = {}): Frames<Frame> {
  return watch(
    app.url,
    `subscription ($ids: [ID!], $activeOnly: Boolean, $briefSnapshot: Boolean) {
     jobs(ids: $ids, activeOnly: $activeOnly, briefSnapshot: $briefSnapshot) {
       isSnapshot jobs { id status version } removedIds } }`,
    selection,
  );
}

async function next(frames: Frames<Frame>): Promise<Frame> {
  const { value, done } = await frames.next();
  if (done === true) throw new Error('the stream ended');
  return value;
}

async function act(action: string, { id }: { id: string }, answer = 'job { id }'): Promise<void> {
  await ask(app.url, `mutation ($id: ID!) { ${action}(id: $id) { ${answer} } }`, { id });
}

const cancel = (job: MadeJob) => act('cancelJob', job);
const retry = (job: MadeJob) => act('retryJob', job);
const remove = (job: MadeJob) => act('deleteJob', job, 'deletedJobId');

/** As a client would: the list after a frame. Fails when a version falls. */
function merge(held: Map<string, Frame['jobs'][number]>, frame: Frame): void {
  if (frame.isSnapshot) held.clear();
  for (const job of frame.jobs) {
    expect(job.version).toBeGreaterThan(held.get(job.id)?.version ?? 0);
    held.set(job.id, job);
  }
  for (const id of frame.removedIds) held.delete(id);
}

describe('the snapshot', () => {
  test('comes at once, also when there is nothing', async () => {
    await using frames = watchJobs();
    expect(await next(frames)).toEqual({ isSnapshot: true, jobs: [], removedIds: [] });
  });

  test('holds the caller’s active jobs, newest first', async () => {
    const [older, newer] = [await queueJob(app), await runJob(app)];
    await failJob(app);
    await queueJob(app, { ownerId: 'somebody else' });
    await using frames = watchJobs();
    expect(await next(frames)).toEqual({
      isSnapshot: true,
      jobs: [
        { id: newer.id, status: 'RUNNING', version: 2 },
        { id: older.id, status: 'QUEUED', version: 1 },
      ],
      removedIds: [],
    });
  });

  test('holds the ended ones too when asked for', async () => {
    const [failed, done] = [await failJob(app), await succeedJob(app)];
    await using frames = watchJobs({ activeOnly: false });
    const { jobs } = await next(frames);
    expect(jobs.map(({ id }) => id)).toEqual([done.id, failed.id]);
  });

  test('is brief when asked: active jobs alone, and yet tells what becomes of the ended ones', async () => {
    const [running, failed, done] = [await runJob(app), await failJob(app), await succeedJob(app)];
    await using frames = watchJobs({ activeOnly: false, briefSnapshot: true });
    expect((await next(frames)).jobs.map(({ id }) => id)).toEqual([running.id]);
    await remove(done);
    expect(await next(frames)).toEqual({ isSnapshot: false, jobs: [], removedIds: [done.id] });
    await retry(failed);
    expect(await next(frames)).toMatchObject({ jobs: [{ id: failed.id }], removedIds: [] });
    await cancel(running);
    expect(await next(frames)).toMatchObject({
      jobs: [{ id: running.id, status: 'CANCELED' }],
      removedIds: [],
    });
  });

  test('is brief, and tells nothing of what is deleted from a foreign history', async () => {
    const foreign = await failJob(app, 'PRIVATE', { ownerId: 'somebody else' });
    await using frames = watchJobs({ activeOnly: false, briefSnapshot: true });
    await next(frames);
    await deleteJob(app.app.pool, 'somebody else', fromGlobalId(foreign.id) ?? '');
    const own = await failJob(app);
    const { jobs, removedIds } = await next(frames);
    expect({ jobs: jobs.map(({ id }) => id), removedIds }).toEqual({
      ...{ jobs: [own.id], removedIds: [] },
    });
  });

  test('is brief, and yet finds what came and ended while nothing was heard', async () => {
    await using frames = watchJobs({ activeOnly: false, briefSnapshot: true });
    await next(frames);
    const unheard = await failJob(app, 'PRIVATE', { ownerId: 'somebody else' });
    await app.app.pool.query(`update tapedeck.job_owners set owner_id = 'everybody'`);
    app.app.context.jobWatch.resync();
    expect((await next(frames)).jobs.map(({ id }) => id)).toEqual([unheard.id]);
  });

  test('holds only the jobs asked for, and no foreign one', async () => {
    const [asked, other] = [await queueJob(app), await queueJob(app)];
    const foreign = await queueJob(app, { ownerId: 'somebody else' });
    await using frames = watchJobs({ ids: [asked.id, foreign.id, 'garbage', ''] });
    expect((await next(frames)).jobs.map(({ id }) => id)).toEqual([asked.id]);
    for (const job of [other, foreign]) await cancelAs(job);
    await cancel(asked);
    expect(await next(frames)).toMatchObject({ jobs: [{ id: asked.id }], removedIds: [asked.id] });
  });

  test('of no ids, or none of the caller’s, is empty and stays so', async () => {
    const none = [watchJobs({ ids: [] }), watchJobs({ ids: ['garbage'] })];
    for (const frames of none) expect((await next(frames)).jobs).toEqual([]);
    const seen: unknown[] = [];
    for (const frames of none) void frames.next().then(({ value }) => seen.push(value));
    const all = watchJobs();
    await next(all);
    const job = await queueJob(app);
    // A job that came and ended between two reads is nothing to a list of active ones.
    await next(all);
    await cancel(job);
    await next(all);
    expect(seen.filter((value) => value !== undefined)).toEqual([]);
    for (const frames of [...none, all]) await frames[Symbol.asyncDispose]();
  });

  test('takes 100 ids and refuses 101', async () => {
    const { id } = await queueJob(app);
    await using frames = watchJobs({ ids: Array.from({ length: 100 }, () => id) });
    expect((await next(frames)).jobs).toHaveLength(1);
    await using refused = watchJobs({ ids: Array.from({ length: 101 }, () => id) });
    await expect(refused.next()).rejects.toThrow('`ids` may hold at most 100 ids.');
  });

  test('holds at most the newest 500 jobs, and yet tells what happens to the others', async () => {
    const oldest = await runJob(app);
    await app.database.pool.query(
      `with made as (
         insert into tapedeck.jobs (site, external_id, source_url, quality, embed_thumbnail, max_attempts)
         select 'youtube', 'video ' || n, '', 'KBPS_192', true, 5 from generate_series(1, 600) n
         returning id)
       insert into tapedeck.job_owners (owner_id, job_id) select 'everybody', id from made`,
    );
    await using frames = watchJobs();
    expect((await next(frames)).jobs).toHaveLength(500);
    await enterPhase(app.app.pool, oldest, 'STORING', 0.97);
    expect(await next(frames)).toMatchObject({ isSnapshot: false, jobs: [{ id: oldest.id }] });
  });
});

describe('what follows', () => {
  test('a new job of the caller appears, a foreign one does not', async () => {
    await using frames = watchJobs();
    await next(frames);
    await queueJob(app, { ownerId: 'somebody else' });
    const job = await queueJob(app);
    expect(await next(frames)).toEqual({
      ...{ isSnapshot: false, removedIds: [] },
      jobs: [{ id: job.id, status: 'QUEUED', version: 1 }],
    });
  });

  test('a job that is joined or reused appears as well', async () => {
    const running = await runJob(app, { ownerId: 'somebody else' });
    const done = await succeedJob(app, { ownerId: 'somebody else' });
    await using frames = watchJobs({ activeOnly: false });
    await next(frames);
    for (const { id, videoId } of [running, done]) {
      await ask(app.url, `mutation { requestMp3(url: "https://youtu.be/${videoId}") { outcome } }`);
      expect((await next(frames)).jobs.map((job) => job.id)).toEqual([id]);
    }
  });

  test('an active job that ends is shown once more in its end, and leaves the list', async () => {
    const jobs = [await queueJob(app), await runJob(app), await runJob(app)];
    await using frames = watchJobs();
    await next(frames);
    await cancel(jobs[0]!);
    expect(await next(frames)).toEqual({
      isSnapshot: false,
      jobs: [{ id: jobs[0]!.id, status: 'CANCELED', version: 2 }],
      removedIds: [jobs[0]!.id],
    });
    await failJob(app, 'PRIVATE', { job: jobs[1]! });
    expect(await next(frames)).toMatchObject({
      ...{ jobs: [{ id: jobs[1]!.id, status: 'FAILED' }], removedIds: [jobs[1]!.id] },
    });
    await succeedJob(app, { job: jobs[2]! });
    expect(await next(frames)).toMatchObject({
      ...{ jobs: [{ id: jobs[2]!.id, status: 'SUCCEEDED' }], removedIds: [jobs[2]!.id] },
    });
    await retry(jobs[0]!);
    expect(await next(frames)).toEqual({
      ...{ isSnapshot: false, removedIds: [] },
      jobs: [{ id: jobs[0]!.id, status: 'QUEUED', version: 3 }],
    });
  });

  test('with the ended ones, a job that ends stays, expires, and is removed when deleted', async () => {
    const job = await runJob(app);
    await using frames = watchJobs({ activeOnly: false });
    await next(frames);
    await succeedJob(app, { job, retentionHours: 0 });
    const states = [await next(frames)];
    await expireDueArtifacts(app.app.pool, 10);
    states.push(await next(frames));
    await remove(job);
    states.push(await next(frames));
    expect(states.map(({ jobs, removedIds }) => [jobs[0]?.status, removedIds])).toEqual([
      ['SUCCEEDED', []],
      ['EXPIRED', []],
      [undefined, [job.id]],
    ]);
  });

  test('a shared job that the caller leaves is removed, and goes on', async () => {
    const job = await runJob(app, { ownerId: 'somebody else' });
    await queueJob(app, { videoId: job.videoId });
    await using frames = watchJobs();
    await next(frames);
    await cancel(job);
    expect(await next(frames)).toEqual({ isSnapshot: false, jobs: [], removedIds: [job.id] });
  });

  test('what happens between two reads comes as one frame, with the newest of each', async () => {
    const jobs = await Promise.all(Array.from({ length: 20 }, () => runJob(app)));
    await using frames = watchJobs();
    const held = new Map<string, Frame['jobs'][number]>();
    merge(held, await next(frames));
    for (let round = 1; round <= 20; round += 1) {
      await writeProgress(
        app.app.pool,
        jobs.map(({ jobId, attempt }) => ({
          ...{ jobId, attempt, phase: 'RESOLVING' as const, fraction: round / 100 },
          ...{ bytesDone: null, bytesTotal: null, bytesPerSecond: null, etaSeconds: null },
        })),
      );
    }
    let count = 0;
    while ([...held.values()].some(({ version }) => version < 22)) {
      const frame = await next(frames);
      expect(frame.isSnapshot).toBe(false);
      merge(held, frame);
      count += 1;
    }
    expect(count).toBeLessThanOrEqual(20);
  });

  test('the list is right after any mixture of changes', async () => {
    await using frames = watchJobs();
    const held = new Map<string, Frame['jobs'][number]>();
    merge(held, await next(frames));
    const live = (async () => {
      const made: MadeJob[] = [];
      for (let step = 0; step < 60; step += 1) {
        const job = made[(step * 7) % (made.length || 1)];
        if (step % 3 === 0 || job === undefined) made.push(await queueJob(app));
        else if (step % 3 === 1) await cancel(job);
        else await retry(job);
      }
      return queueJob(app);
    })();
    const last = await live;
    while (!held.has(last.id)) merge(held, await next(frames));
    const { jobs } = await ask(
      app.url,
      `{ jobs(first: 100, filter: {statuses: [QUEUED, RUNNING]}) { nodes { id status version } } }`,
    );
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect([...held.values()].toSorted(byId)).toEqual(jobs.nodes.toSorted(byId));
  });

  test('a client who leaves takes its stream along', async () => {
    const streams = [watchJobs(), watchJobs({ ids: [] }), watchJobs({ activeOnly: false })];
    await Promise.all(streams.map(next));
    expect(app.app.context.jobWatch.countStreams()).toBe(3);
    for (const frames of streams) await frames[Symbol.asyncDispose]();
    await eventually('no stream', () => app.app.context.jobWatch.countStreams() === 0);
  });

  test('coming back with the original variables begins with a new snapshot', async () => {
    const job = await queueJob(app);
    const ids = [job.id, toGlobalId('01890a5d-ac96-774b-bcce-b302099a8057')];
    for (const count of [1, 1, 0]) {
      await using frames = watchJobs({ ids });
      expect(await next(frames)).toMatchObject({ isSnapshot: true, jobs: { length: count } });
      if (count === 1) await retryOrCancel(job);
    }
  });
});

/** First a change that leaves the job active, then one that ends it. */
async function retryOrCancel(job: MadeJob): Promise<void> {
  const { rows } = await app.database.pool.query<{ status: string }>(
    `select status from tapedeck.jobs where id = $1`,
    [job.jobId],
  );
  if (rows[0]?.status === 'QUEUED') await runJob(app, { job });
  else await cancel(job);
}

async function cancelAs({ jobId }: MadeJob): Promise<void> {
  await app.app.context.requests.cancel('everybody', jobId);
  await app.app.context.requests.cancel('somebody else', jobId);
}
