import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { ask, send } from '../../support/graphql.ts';
import {
  expireJob,
  failJob,
  newVideoId,
  postponeJob,
  queueJob,
  runJob,
  succeedJob,
} from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';
import { toGlobalId } from '../../../src/resolvers/globalId.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const fields = `id status version attempt maxAttempts isTerminal failure { code } result { url }
  progress { phase fraction } nextAttemptAt finishedAt
  viewerCanCancel viewerCanRetry viewerCanDelete`;
const errors = `userErrors { __typename code message path retryAt }`;

async function act(action: 'cancelJob' | 'retryJob', { id }: { id: string }): Promise<any> {
  const answer = await ask(
    app.url,
    `mutation ($id: ID!) { ${action}(id: $id) { job { ${fields} } ${errors} } }`,
    { id },
  );
  return answer[action];
}

async function remove({ id }: { id: string }): Promise<any> {
  const answer = await ask(
    app.url,
    `mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId ${errors} } }`,
    { id },
  );
  return answer.deleteJob;
}

async function read({ id }: { id: string }): Promise<any> {
  return (await ask(app.url, `query ($id: ID!) { job(id: $id) { ${fields} } }`, { id })).job;
}

async function queueJobsOf({ jobId }: MadeJob): Promise<number> {
  const { rowCount } = await app.database.pool.query(
    `select from graphile_worker.jobs where key = $1`,
    [jobId],
  );
  return rowCount ?? 0;
}

function refusal(code: string, message: string) {
  return [{ __typename: 'JobActionError', code, message, path: ['id'], retryAt: null }];
}

const nowhere = 'There is no such job in your history.';

describe('cancelJob', () => {
  test('a queued job is canceled, and its queue job is gone', async () => {
    const job = await queueJob(app);
    expect(await act('cancelJob', job)).toEqual({
      job: expect.objectContaining({
        ...{ id: job.id, status: 'CANCELED', version: 2, isTerminal: true, attempt: 0 },
        ...{ finishedAt: expect.any(String), nextAttemptAt: null },
        ...{ viewerCanCancel: false, viewerCanRetry: true, viewerCanDelete: true },
      }),
      userErrors: [],
    });
    expect(await queueJobsOf(job)).toBe(0);
  });

  test('a running job is canceled in the answer already', async () => {
    const job = await runJob(app);
    const { job: canceled, userErrors } = await act('cancelJob', job);
    expect(userErrors).toEqual([]);
    expect(canceled).toMatchObject({ status: 'CANCELED', progress: { phase: null } });
    expect(await read(job)).toEqual(canceled);
  });

  test('a job that waits for a retry is canceled', async () => {
    const job = await postponeJob(app, 'NETWORK', 600);
    expect(await act('cancelJob', job)).toMatchObject({
      job: { status: 'CANCELED', failure: { code: 'NETWORK' }, nextAttemptAt: null },
      userErrors: [],
    });
    expect(await queueJobsOf(job)).toBe(0);
  });

  test('canceling twice changes nothing and is no mistake', async () => {
    const job = await queueJob(app);
    const first = await act('cancelJob', job);
    expect(await act('cancelJob', job)).toEqual(first);
  });

  test('ten cancellations at once make one change', async () => {
    const job = await runJob(app);
    const answers = await Promise.all(Array.from({ length: 10 }, () => act('cancelJob', job)));
    expect(answers.map(({ userErrors }) => userErrors)).toEqual(answers.map(() => []));
    expect((await read(job)).version).toBe(3);
  });

  test.each([
    ['SUCCEEDED', () => succeedJob(app)],
    ['FAILED', () => failJob(app)],
    ['EXPIRED', () => expireJob(app)],
  ])('a job that is %s stays so, and is shown', async (status, make) => {
    const job = await make();
    const before = await read(job);
    expect(await act('cancelJob', job)).toEqual({
      job: before,
      userErrors: refusal(
        'ALREADY_TERMINAL',
        'The job has ended already; there is nothing to cancel.',
      ),
    });
    expect(before.status).toBe(status);
  });

  test('of a shared job only the caller’s share ends', async () => {
    const job = await runJob(app, { ownerId: 'somebody else' });
    await queueJob(app, { videoId: job.videoId });
    expect(await act('cancelJob', job)).toMatchObject({
      job: { id: job.id, status: 'RUNNING' },
      userErrors: [],
    });
    expect(await read(job)).toBeNull();
    expect(await act('cancelJob', job)).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] });
    const { rows } = await app.database.pool.query(
      `select status from tapedeck.jobs where id = $1`,
      [job.jobId],
    );
    expect(rows).toEqual([{ status: 'RUNNING' }]);
  });
});

describe('retryJob', () => {
  test.each([
    ['FAILED', () => failJob(app, 'PRIVATE')],
    ['EXPIRED', () => expireJob(app)],
    ['CANCELED', async () => cancelFirst(await runJob(app))],
  ])('a job that is %s runs again under the same id, and attempts count on', async (_, make) => {
    const job = await make();
    const before = await read(job);
    const { job: queued, userErrors } = await act('retryJob', job);
    expect(userErrors).toEqual([]);
    expect(queued).toMatchObject({
      ...{ id: job.id, status: 'QUEUED', isTerminal: false, version: before.version + 1 },
      ...{ attempt: 1, maxAttempts: 6, failure: null, result: null, finishedAt: null },
      progress: { phase: null, fraction: 0 },
      ...{ viewerCanCancel: true, viewerCanRetry: false, viewerCanDelete: false },
    });
    expect(await queueJobsOf(job)).toBe(1);
    expect(await runJob(app, { job })).toMatchObject({ attempt: 2 });
  });

  test.each([
    ['QUEUED', () => queueJob(app)],
    ['RUNNING', () => runJob(app)],
    ['waiting for a retry', () => postponeJob(app, 'NETWORK', 600)],
  ])('a job that is %s is still active', async (_, make) => {
    const job = await make();
    const before = await read(job);
    expect(await act('retryJob', job)).toEqual({
      job: before,
      userErrors: refusal('STILL_ACTIVE', 'The job is still active; it cannot be retried yet.'),
    });
  });

  test('a SUCCEEDED job has its MP3 and is not run again', async () => {
    const job = await succeedJob(app);
    expect(await act('retryJob', job)).toEqual({
      job: await read(job),
      userErrors: refusal(
        'NOT_RETRYABLE',
        'The job has succeeded and its file is kept; download it instead.',
      ),
    });
  });

  test('while another job makes the same MP3, the retry points there', async () => {
    const job = await failJob(app);
    const before = await read(job);
    await queueJob(app, { videoId: job.videoId });
    expect(await act('retryJob', job)).toEqual({
      job: before,
      userErrors: refusal(
        'STILL_ACTIVE',
        'Another job converts the same video right now; watch that one instead.',
      ),
    });
  });

  test('of ten retries at once one queues the job, and the others find it active', async () => {
    const job = await failJob(app);
    const answers = await Promise.all(Array.from({ length: 10 }, () => act('retryJob', job)));
    const codes: string[] = answers.map(({ userErrors }) => userErrors[0]?.code ?? 'done');
    expect(codes.toSorted()).toEqual([...Array.from({ length: 9 }, () => 'STILL_ACTIVE'), 'done']);
    expect(await queueJobsOf(job)).toBe(1);
  });

  test('of twins that are retried at once one queues, and the other is told so', async () => {
    for (let round = 0; round < 10; round += 1) {
      const videoId = newVideoId();
      const twins = [await failJob(app, 'PRIVATE', { videoId })];
      twins.push(await failJob(app, 'PRIVATE', { videoId }));
      const answers = await Promise.all(twins.map((twin) => act('retryJob', twin)));
      const codes: string[] = answers.map(({ userErrors }) => userErrors[0]?.code ?? 'done');
      expect(codes.toSorted()).toEqual(['STILL_ACTIVE', 'done']);
    }
  });

  test('a retry and a new request for the same MP3 at once make one active job', async () => {
    for (let round = 0; round < 10; round += 1) {
      const job = await failJob(app);
      const url = `https://youtu.be/${job.videoId}`;
      const [retried, requested] = await Promise.all([
        act('retryJob', job),
        ask(app.url, `mutation ($url: String!) { requestMp3(url: $url) { outcome job { id } } }`, {
          url,
        }),
      ]);
      const isRetryFirst = retried.userErrors.length === 0;
      expect(requested.requestMp3.outcome).toBe(isRetryFirst ? 'JOINED' : 'CREATED');
      expect(requested.requestMp3.job.id === job.id).toBe(isRetryFirst);
      if (!isRetryFirst) expect(retried.userErrors[0].code).toBe('STILL_ACTIVE');
    }
  });
});

describe('deleteJob', () => {
  test('a job with its MP3 is gone, file and queue job included', async () => {
    const job = await succeedJob(app);
    expect(await app.app.storage.hasArtifact(job)).toBe(true);
    expect(await remove(job)).toEqual({ deletedJobId: job.id, userErrors: [] });
    expect(await read(job)).toBeNull();
    expect(await app.app.storage.hasArtifact(job)).toBe(false);
    expect(await remove(job)).toEqual({
      deletedJobId: null,
      userErrors: refusal('NOT_FOUND', nowhere),
    });
  });

  test.each([
    ['FAILED', () => failJob(app)],
    ['CANCELED', async () => cancelFirst(await queueJob(app))],
    ['EXPIRED', () => expireJob(app)],
  ])('a job that is %s can be deleted', async (_, make) => {
    const job = await make();
    expect(await remove(job)).toEqual({ deletedJobId: job.id, userErrors: [] });
    expect(await read(job)).toBeNull();
  });

  test.each([
    ['QUEUED', () => queueJob(app)],
    ['RUNNING', () => runJob(app)],
  ])('a job that is %s has to be canceled first', async (status, make) => {
    const job = await make();
    expect(await remove(job)).toEqual({
      deletedJobId: null,
      userErrors: refusal('STILL_ACTIVE', 'The job is still active; cancel it first.'),
    });
    expect((await read(job)).status).toBe(status);
  });

  test('a shared job leaves this history only, and its file stays for the other owner', async () => {
    const job = await runJob(app, { ownerId: 'somebody else' });
    await queueJob(app, { videoId: job.videoId });
    await succeedJob(app, { job });
    expect(await remove(job)).toEqual({ deletedJobId: job.id, userErrors: [] });
    expect(await read(job)).toBeNull();
    expect(await app.app.storage.hasArtifact(job)).toBe(true);
  });

  test('a deleted video can be requested anew', async () => {
    const job = await succeedJob(app);
    await remove(job);
    const { requestMp3 } = await ask(
      app.url,
      `mutation { requestMp3(url: "https://youtu.be/${job.videoId}") { outcome } }`,
    );
    expect(requestMp3.outcome).toBe('CREATED');
  });
});

describe('ids that are no job of the caller’s', () => {
  const strange = [
    ['absent', () => toGlobalId('01890a5d-ac96-774b-bcce-b302099a8057')],
    ['foreign', async () => (await failJob(app, 'PRIVATE', { ownerId: 'somebody else' })).id],
    ['empty', () => ''],
    ['a bare UUID', async () => (await failJob(app)).jobId],
    ['another type’s', () => Buffer.from('User:1').toString('base64url')],
    ['SQL', () => Buffer.from("Job:' or 1=1 --").toString('base64url')],
    ['a path', () => '../../etc/passwd'],
    ['a NUL', () => 'Sm9i\u0000'],
    ['a lone surrogate', () => '\ud800'],
    ['very long', () => 'A'.repeat(100_000)],
    ['a real one with a tail', async () => `${(await failJob(app)).id}!`],
  ] as const;

  test.each(strange)('%s: every action answers the same NOT_FOUND, as data', async (_, make) => {
    const id = await make();
    const userErrors = refusal('NOT_FOUND', nowhere);
    expect(await act('cancelJob', { id })).toEqual({ job: null, userErrors });
    expect(await act('retryJob', { id })).toEqual({ job: null, userErrors });
    expect(await remove({ id })).toEqual({ deletedJobId: null, userErrors });
  });

  test.each(strange)('%s: every reading field answers null', async (_, make) => {
    const id = await make();
    const answer = await send(
      app.url,
      `query ($id: ID!) { job(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }`,
      { id },
    );
    expect(answer).toEqual({ data: { job: null, node: null, nodes: [null] } });
  });
});

async function cancelFirst(job: MadeJob): Promise<MadeJob> {
  await act('cancelJob', job);
  return job;
}
