// One job watched: the state now, every newer one, and the end.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  enterPhase,
  finishAttempt,
  recordSource,
  releaseAttempt,
  retryAttemptLater,
} from '../../../src/db/attempts.ts';
import { writeProgress } from '../../../src/db/progress.ts';
import { jobPhases } from '../../../src/domain/job.ts';
import { overallFraction } from '../../../src/domain/progress.ts';
import { toGlobalId } from '../../../src/resolvers/globalId.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, readAll, watch } from '../../support/graphql.ts';
import {
  expireJob,
  failJob,
  postponeJob,
  queueJob,
  runJob,
  succeedJob,
} from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

type Frame = {
  isFinal: boolean;
  job: {
    id: string;
    version: number;
    status: string;
    progress: { phase: string | null; fraction: number };
    result: { sizeBytes: number } | null;
    failure: { code: string } | null;
  } | null;
};

function watchJob(id: string, afterVersion?: number) {
  return watch<Frame>(
    app.url,
    `subscription ($id: ID!, $afterVersion: Int) { job(id: $id, afterVersion: $afterVersion) {
       isFinal
       job { id version status progress { phase fraction } result { sizeBytes } failure { code } }
     } }`,
    { id, ...(afterVersion !== undefined && { afterVersion }) },
  );
}

const cancel = ({ id }: MadeJob) =>
  ask(app.url, `mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }`, { id });
const remove = ({ id }: MadeJob) =>
  ask(app.url, `mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }`, { id });

function expectRising(frames: Frame[]): void {
  const versions = frames.flatMap(({ job }) => job?.version ?? []);
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
}

describe('the first frame', () => {
  test.each([
    ['QUEUED', () => queueJob(app)],
    ['RUNNING', () => runJob(app)],
    ['QUEUED', () => postponeJob(app, 'NETWORK', 600)],
  ])('is the present state, at once and without any change: %s', async (status, make) => {
    const job = await make();
    await using frames = watchJob(job.id);
    const { value } = await frames.next();
    expect(value).toMatchObject({ isFinal: false, job: { id: job.id, status } });
  });

  test.each([
    ['SUCCEEDED', () => succeedJob(app)],
    ['FAILED', () => failJob(app)],
    ['EXPIRED', () => expireJob(app)],
  ])('of a job that is %s is the last one, and the server completes', async (status, make) => {
    const job = await make();
    expect(await readAll(watchJob(job.id))).toEqual([
      { isFinal: true, job: expect.objectContaining({ id: job.id, status }) },
    ]);
  });

  test.each([
    ['absent', () => toGlobalId('01890a5d-ac96-774b-bcce-b302099a8057')],
    ['foreign', async () => (await runJob(app, { ownerId: 'somebody else' })).id],
    [
      'foreign and done',
      async () => (await failJob(app, 'PRIVATE', { ownerId: 'somebody else' })).id,
    ],
    ['garbage', () => 'garbage'],
    ['empty', () => ''],
  ])('of an id that is %s tells that there is no job, and is the last one', async (_, make) => {
    expect(await readAll(watchJob(await make()))).toEqual([{ isFinal: true, job: null }]);
  });
});

describe('what follows', () => {
  test('a whole life is told in rising versions, with one final frame at its end', async () => {
    const queued = await queueJob(app);
    const frames = watchJob(queued.id);
    const reading = readAll(frames);
    await eventually('the stream', () => app.app.context.jobWatch.countStreams() === 1);
    const job = await runJob(app, { job: queued });
    for (const phase of jobPhases) {
      await enterPhase(app.app.pool, job, phase, overallFraction(phase, 0));
    }
    await succeedJob(app, { job, content: Buffer.alloc(77) });
    const seen = await reading;
    expectRising(seen);
    expect(seen[0]).toMatchObject({ isFinal: false, job: { version: 1, status: 'QUEUED' } });
    expect(seen.at(-1)).toMatchObject({
      isFinal: true,
      job: {
        status: 'SUCCEEDED',
        progress: { phase: null, fraction: 1 },
        result: { sizeBytes: 77 },
      },
    });
    expect(seen.filter(({ isFinal }) => isFinal)).toHaveLength(1);
    await frames[Symbol.asyncDispose]();
  });

  test('each step is told when the reader keeps up', async () => {
    const job = await runJob(app);
    await using frames = watchJob(job.id);
    const seen = [(await frames.next()).value];
    const steps = [
      () => enterPhase(app.app.pool, job, 'DOWNLOADING', 0.05),
      () =>
        recordSource(app.app.pool, job, {
          title: 'T',
          uploader: null,
          durationSeconds: 1,
          thumbnailUrl: null,
        }),
      () => enterPhase(app.app.pool, job, 'TRANSCODING', 0.5),
      () => retryAttemptLater(app.app.pool, job, 'NETWORK', 0),
      () => runJob(app, { job }),
      () => releaseAttempt(app.app.pool, { ...job, attempt: 2 }),
      () => cancel(job),
    ];
    for (const step of steps) {
      await step();
      seen.push((await frames.next()).value);
    }
    expect(
      seen.map((frame: Frame) => [frame.job?.version, frame.job?.status, frame.isFinal]),
    ).toEqual([
      [2, 'RUNNING', false],
      [3, 'RUNNING', false],
      [4, 'RUNNING', false],
      [5, 'RUNNING', false],
      [6, 'QUEUED', false],
      [7, 'RUNNING', false],
      [8, 'QUEUED', false],
      [9, 'CANCELED', true],
    ]);
    expect(await frames.next()).toMatchObject({ done: true });
  });

  test('300 rapid updates: versions strictly rise, the fraction never falls, the end is there', async () => {
    const job = await runJob(app);
    await enterPhase(app.app.pool, job, 'DOWNLOADING', 0);
    const reading = Promise.all(Array.from({ length: 5 }, () => readAll(watchJob(job.id))));
    await eventually('the streams', () => app.app.context.jobWatch.countStreams() === 5);
    // Side by side and out of order, as from a worker whose connections overtake each other.
    for (let first = 1; first <= 300; first += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          writeProgress(app.app.pool, [
            {
              ...{ jobId: job.jobId, attempt: job.attempt, phase: 'DOWNLOADING' },
              ...{ fraction: (first + index) / 301, bytesDone: first + index, bytesTotal: 300 },
              ...{ bytesPerSecond: null, etaSeconds: null },
            },
          ]),
        ),
      );
    }
    await failJob(app, 'NETWORK', { job });
    for (const seen of await reading) {
      expectRising(seen);
      expect(seen.length).toBeGreaterThan(3);
      const fractions = seen.map((frame) => frame.job!.progress.fraction);
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
      expect(seen.at(-1)).toMatchObject({
        isFinal: true,
        job: { version: 304, status: 'FAILED', failure: { code: 'NETWORK' } },
      });
    }
  });

  test('an update that changes nothing visible tells nothing', async () => {
    const job = await runJob(app);
    await using frames = watchJob(job.id);
    await frames.next();
    for (let times = 0; times < 5; times += 1) {
      await app.database.pool.query(`select pg_notify('tapedeck_jobs', $1)`, [job.jobId]);
    }
    await app.database.pool.query(`select pg_notify('tapedeck_jobs', 'no id, and no harm')`);
    await enterPhase(app.app.pool, job, 'STORING', 0.97);
    expect((await frames.next()).value).toMatchObject({ job: { version: 3 } });
  });

  test('a hundred watchers of one job all see its end', async () => {
    const job = await runJob(app);
    const reading = Promise.all(Array.from({ length: 100 }, () => readAll(watchJob(job.id))));
    await eventually('the streams', () => app.app.context.jobWatch.countStreams() === 100);
    await cancel(job);
    for (const seen of await reading) {
      expect(seen.at(-1)).toMatchObject({ isFinal: true, job: { status: 'CANCELED' } });
    }
  });

  test('one watcher who leaves takes nothing from the others', async () => {
    const job = await runJob(app);
    await using staying = watchJob(job.id);
    const leaving = watchJob(job.id);
    await Promise.all([staying.next(), leaving.next()]);
    await leaving[Symbol.asyncDispose]();
    await eventually('one stream to be left', () => app.app.context.jobWatch.countStreams() === 1);
    await cancel(job);
    expect((await staying.next()).value).toMatchObject({ isFinal: true });
  });
});

describe('a job that is no more', () => {
  test('leaving a shared job ends the leaver’s stream, and no other', async () => {
    const job = await runJob(app, { ownerId: 'somebody else' });
    await queueJob(app, { videoId: job.videoId });
    const reading = readAll(watchJob(job.id));
    const theirs = app.app.context.jobWatch.watchJob('somebody else', job.jobId, null);
    (await theirs.next()).value();
    await eventually('the streams', () => app.app.context.jobWatch.countStreams() === 2);
    await cancel(job);
    expect((await reading).at(-1)).toEqual({ isFinal: true, job: null });
    await failJob(app, 'PRIVATE', { job });
    expect((await theirs.next()).value()).toMatchObject({
      isFinal: true,
      job: { status: 'FAILED' },
    });
    expect(await theirs.next()).toMatchObject({ done: true });
  });

  test('a job that is canceled and deleted at once ends its stream', async () => {
    for (let round = 0; round < 10; round += 1) {
      const job = await runJob(app);
      const reading = readAll(watchJob(job.id));
      await eventually('the stream', () => app.app.context.jobWatch.countStreams() === 1);
      await cancel(job);
      await remove(job);
      const last = (await reading).at(-1);
      expect(last?.isFinal).toBe(true);
      // Whoever came in time saw the cancellation; nobody sees a job that is gone.
      expect([undefined, 'CANCELED']).toContain(last?.job?.status);
    }
  });

  test('a row that is deleted behind our back is noticed with its next announcement', async () => {
    const job = await runJob(app);
    const reading = readAll(watchJob(job.id));
    await eventually('the stream', () => app.app.context.jobWatch.countStreams() === 1);
    await app.database.pool.query(
      `with gone as (delete from tapedeck.jobs where id = $1 returning *)
       select tapedeck.announce(gone::tapedeck.jobs) from gone`,
      [job.jobId],
    );
    expect((await reading).at(-1)).toEqual({ isFinal: true, job: null });
  });
});

describe('coming back', () => {
  test('afterVersion spares a state that the client holds, and nothing else', async () => {
    const job = await runJob(app);
    await using spared = watchJob(job.id, 2);
    await using newer = watchJob(job.id, 9);
    await using older = watchJob(job.id, 1);
    await using none = watchJob(job.id, 0);
    expect((await older.next()).value).toMatchObject({ job: { version: 2 } });
    expect((await none.next()).value).toMatchObject({ job: { version: 2 } });
    await eventually('the streams', () => app.app.context.jobWatch.countStreams() === 4);
    await enterPhase(app.app.pool, job, 'DOWNLOADING', 0.05);
    for (const frames of [spared, newer, older, none]) {
      expect((await frames.next()).value).toMatchObject({ isFinal: false, job: { version: 3 } });
    }
  });

  test('the end is told even to a client who holds it: nobody waits for ever', async () => {
    const job = await failJob(app);
    expect(await readAll(watchJob(job.id, 3))).toEqual([
      { isFinal: true, job: expect.objectContaining({ version: 3, status: 'FAILED' }) },
    ]);
    expect(await readAll(watchJob('garbage', 3))).toEqual([{ isFinal: true, job: null }]);
  });

  test('the original variables are right again and again, whatever happened meanwhile', async () => {
    const queued = await queueJob(app);
    const again = async () => {
      await using frames = watchJob(queued.id, 0);
      return (await frames.next()).value;
    };
    expect(await again()).toMatchObject({ isFinal: false, job: { version: 1, status: 'QUEUED' } });
    const job = await runJob(app, { job: queued });
    expect(await again()).toMatchObject({ isFinal: false, job: { version: 2, status: 'RUNNING' } });
    await enterPhase(app.app.pool, job, 'TRANSCODING', 0.5);
    expect(await again()).toMatchObject({
      job: { version: 3, progress: { phase: 'TRANSCODING' } },
    });
    await succeedJob(app, { job });
    expect(await again()).toMatchObject({ isFinal: true, job: { status: 'SUCCEEDED' } });
    await remove(job);
    expect(await again()).toEqual({ isFinal: true, job: null });
  });

  test('a job that is retried can be watched to its new end', async () => {
    const job = await failJob(app);
    await ask(app.url, `mutation ($id: ID!) { retryJob(id: $id) { job { id } } }`, { id: job.id });
    const reading = readAll(watchJob(job.id));
    await eventually('the stream', () => app.app.context.jobWatch.countStreams() === 1);
    const again = await runJob(app, { job });
    await finishAttempt(
      app.app.pool,
      again,
      { token: 'a token', sizeBytes: 1, sha256: 'x', durationSeconds: 1, bitrateKbps: 192 },
      null,
    );
    const seen = await reading;
    expectRising(seen);
    expect(seen[0]).toMatchObject({ isFinal: false, job: { status: 'QUEUED' } });
    expect(seen.at(-1)).toMatchObject({ isFinal: true, job: { status: 'SUCCEEDED', version: 6 } });
  });
});
