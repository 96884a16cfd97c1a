// The job as callers read it: each state with its fields and formats, nodes, and the place in the queue.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { ask, send } from '../../support/graphql.ts';
import {
  expireJob,
  failJob,
  postponeJob,
  queueJob,
  runJob,
  succeedJob,
} from '../../support/jobStates.ts';
import { enterPhase, recordSource } from '../../../src/db/attempts.ts';
import { writeProgress } from '../../../src/db/progress.ts';
import { failures } from '../../../src/domain/failure.ts';
import type { JobFailureCode } from '../../../src/domain/failure.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const everything = `
  __typename id version status isTerminal sourceUrl options { quality embedThumbnail }
  progress { phase fraction bytesDone bytesTotal bytesPerSecond etaSeconds asOf }
  source { site externalId title uploader durationSeconds thumbnailUrl }
  result { url fileName sizeBytes sha256 durationSeconds bitrateKbps expiresAt }
  failure { code message isRetryable occurredAt }
  attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt updatedAt finishedAt
  viewerCanCancel viewerCanRetry viewerCanDelete`;

async function read({ id }: { id: string }): Promise<any> {
  return (await ask(app.url, `query ($id: ID!) { job(id: $id) { ${everything} } }`, { id })).job;
}

/** RFC 3339, always UTC with Z. */
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

describe('each state', () => {
  test('QUEUED: nothing known but the request', async () => {
    const job = await queueJob(app);
    expect(await read(job)).toEqual({
      ...{ __typename: 'Job', id: job.id, version: 1, status: 'QUEUED', isTerminal: false },
      sourceUrl: `https://www.youtube.com/watch?v=${job.videoId}`,
      options: { quality: 'KBPS_192', embedThumbnail: true },
      progress: {
        ...{ phase: null, fraction: 0, bytesDone: null, bytesTotal: null },
        ...{ bytesPerSecond: null, etaSeconds: null, asOf: instant },
      },
      ...{ source: null, result: null, failure: null },
      ...{ attempt: 0, maxAttempts: 5, nextAttemptAt: null, queuePosition: expect.any(Number) },
      ...{ createdAt: instant, startedAt: null, updatedAt: instant, finishedAt: null },
      ...{ viewerCanCancel: true, viewerCanRetry: false, viewerCanDelete: false },
    });
  });

  test('RUNNING: phase, figures beyond 32 bits, and what the site says', async () => {
    const job = await runJob(app);
    await recordSource(app.app.pool, job, {
      title: 'Sandstorm 🌪',
      uploader: 'Darude',
      durationSeconds: 225.4,
      thumbnailUrl: 'https://i.ytimg.com/vi/x/maxresdefault.jpg',
    });
    await enterPhase(app.app.pool, job, 'DOWNLOADING', 0.05);
    await writeProgress(app.app.pool, [
      {
        ...{ jobId: job.jobId, attempt: job.attempt, phase: 'DOWNLOADING', fraction: 0.3 },
        ...{ bytesDone: 3_000_000_000, bytesTotal: 2 ** 53 - 1, bytesPerSecond: 1_234.5 },
        etaSeconds: 17,
      },
    ]);
    expect(await read(job)).toMatchObject({
      ...{ status: 'RUNNING', isTerminal: false, version: 5, attempt: 1, queuePosition: null },
      progress: {
        ...{ phase: 'DOWNLOADING', fraction: 0.3, bytesDone: 3_000_000_000 },
        ...{ bytesTotal: 9_007_199_254_740_991, bytesPerSecond: 1_234.5, etaSeconds: 17 },
        asOf: instant,
      },
      source: {
        ...{ site: 'youtube', externalId: job.videoId, title: 'Sandstorm 🌪', uploader: 'Darude' },
        durationSeconds: 225.4,
        thumbnailUrl: 'https://i.ytimg.com/vi/x/maxresdefault.jpg',
      },
      ...{ result: null, failure: null, startedAt: instant, finishedAt: null },
      ...{ viewerCanCancel: true, viewerCanRetry: false, viewerCanDelete: false },
    });
  });

  test('SUCCEEDED: the file, with a root-relative address of this server', async () => {
    const job = await succeedJob(app, {
      metadata: { title: 'Hello / Goodbye', uploader: 'The Beatles' },
      content: Buffer.alloc(4_321, 'x'),
      retentionHours: 48,
    });
    const seen = await read(job);
    expect(seen).toMatchObject({
      ...{ status: 'SUCCEEDED', isTerminal: true, failure: null, finishedAt: instant },
      progress: { phase: null, fraction: 1 },
      result: {
        url: `/files/${job.token}/The%20Beatles%20-%20Hello%20-%20Goodbye.mp3`,
        fileName: 'The Beatles - Hello - Goodbye.mp3',
        ...{ sizeBytes: 4_321, sha256: job.sha256, durationSeconds: 213.06, bitrateKbps: 192 },
        expiresAt: instant,
      },
      ...{ viewerCanCancel: false, viewerCanRetry: false, viewerCanDelete: true },
    });
    const keptMs = Date.parse(seen.result.expiresAt) - Date.parse(seen.finishedAt);
    expect(keptMs).toBe(48 * 3_600_000);
    expect((await fetch(new URL(seen.result.url, app.url))).status).toBe(200);
  });

  test('SUCCEEDED and kept for ever: no expiry', async () => {
    const job = await succeedJob(app, { retentionHours: null });
    expect((await read(job)).result.expiresAt).toBeNull();
  });

  test('EXPIRED: the result is gone, and it can be made again', async () => {
    const job = await expireJob(app);
    expect(await read(job)).toMatchObject({
      ...{ status: 'EXPIRED', isTerminal: true, result: null, failure: null },
      ...{ viewerCanCancel: false, viewerCanRetry: true, viewerCanDelete: true },
    });
  });

  test.each(Object.keys(failures) as JobFailureCode[])(
    'FAILED with %s: one sentence for people',
    async (code) => {
      const seen = await read(await failJob(app, code));
      expect(seen).toMatchObject({
        ...{ status: 'FAILED', isTerminal: true, result: null, nextAttemptAt: null },
        failure: { code, isRetryable: failures[code].isRetryable, occurredAt: instant },
        ...{ viewerCanCancel: false, viewerCanRetry: true, viewerCanDelete: true },
      });
      expect(seen.failure.message).toMatch(/^[A-Z][^\n]+\.$/);
    },
  );

  test('waiting for a retry: the cause of the last failure, and when the next attempt is due', async () => {
    const seen = await read(await postponeJob(app, 'RATE_LIMITED', 90));
    expect(seen).toMatchObject({
      ...{ status: 'QUEUED', attempt: 1, failure: { code: 'RATE_LIMITED' } },
      nextAttemptAt: instant,
    });
    const waitMs = Date.parse(seen.nextAttemptAt) - Date.parse(seen.failure.occurredAt);
    expect(waitMs).toBe(90_000);
  });
});

describe('node and nodes', () => {
  test('a node is the job under its own type', async () => {
    const { id } = await queueJob(app);
    const answer = await ask(
      app.url,
      `query ($id: ID!) { node(id: $id) { __typename id ... on Job { status } } }`,
      { id },
    );
    expect(answer.node).toEqual({ __typename: 'Job', id, status: 'QUEUED' });
  });

  const nodes = `query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`;

  test('nodes keep the order asked for, repetitions and holes included', async () => {
    const [a, b, foreign] = [
      await queueJob(app),
      await failJob(app),
      await queueJob(app, { ownerId: 'somebody else' }),
    ];
    const ids = [b.id, 'garbage', a.id, foreign.id, b.id, ''];
    expect((await ask(app.url, nodes, { ids })).nodes).toEqual([
      { id: b.id },
      null,
      { id: a.id },
      null,
      { id: b.id },
      null,
    ]);
    expect((await ask(app.url, nodes, { ids: [] })).nodes).toEqual([]);
  });

  test('100 ids are answered, 101 are refused in one sentence', async () => {
    const { id } = await queueJob(app);
    const answer = await ask(app.url, nodes, { ids: Array.from({ length: 100 }, () => id) });
    expect(answer.nodes).toHaveLength(100);
    const { errors } = await send(app.url, nodes, { ids: Array.from({ length: 101 }, () => id) });
    expect(errors).toEqual([
      expect.objectContaining({
        message: '`ids` may hold at most 100 ids.',
        path: ['nodes'],
        extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }),
      }),
    ]);
  });

  test('one field that fails leaves its siblings alone', async () => {
    const { id } = await queueJob(app);
    const { data, errors } = await send(
      app.url,
      `query ($id: ID!) { job(id: $id) { id } jobs(first: 1000) { totalCount } }`,
      { id },
    );
    expect(data).toEqual({ job: { id }, jobs: null });
    expect(errors).toHaveLength(1);
  });
});

describe('queuePosition', () => {
  test('counts the jobs ahead, and falls as they leave', async () => {
    await app.database.pool.query(`delete from tapedeck.jobs`);
    const jobs = [await queueJob(app), await queueJob(app), await queueJob(app)];
    const positions = async () => {
      const answer = await ask(
        app.url,
        `{ jobs(orderBy: {direction: ASC}) { nodes { queuePosition } } }`,
      );
      return answer.jobs.nodes.map((node: { queuePosition: number | null }) => node.queuePosition);
    };
    expect(await positions()).toEqual([0, 1, 2]);
    await runJob(app, { job: jobs[0]! });
    expect(await positions()).toEqual([null, 0, 1]);
    // Served in the round of the second, and after it: before the third.
    await queueJob(app, { ownerId: 'somebody else' });
    expect(await positions()).toEqual([null, 0, 2]);
    await failJob(app, 'PRIVATE', { job: await runJob(app, { job: jobs[1]! }) });
    expect(await positions()).toEqual([null, null, 1]);
  });

  test('a job that waits for a retry stands behind those that may run now', async () => {
    await app.database.pool.query(`delete from tapedeck.jobs`);
    const waiting = await postponeJob(app, 'NETWORK', 600);
    await queueJob(app);
    expect((await read(waiting)).queuePosition).toBe(1);
  });
});
