// The database stops under a running API and comes back: callers are told at once, nothing is lost, and no
// answer says more than that.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { eventually } from '../../support/eventually.ts';
import { ask } from '../../support/graphql.ts';
import { newVideoId, queueJob, succeedJob } from '../../support/jobStates.ts';
import { startOwnPostgres } from '../../support/ownPostgres.ts';
import type { OwnPostgres } from '../../support/ownPostgres.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { openSocket } from '../../support/socket.ts';

let postgres: OwnPostgres;
let app: TestApp;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  // Streams of all jobs cost more than a process takes ahead: they have to ask for it, the database away or not.
  const settings = { ROLES: 'api', DATABASE_URL: postgres.url, COST_PER_MINUTE: '10000' };
  app = await startApp({ settings });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const unavailable = 'The server cannot reach its database; try again soon.';

async function readiness(): Promise<{ status: number; body: any }> {
  const { status, body } = await sendRaw(app.url, '/readyz');
  expectNothingDisclosed(body.toString(), app);
  return { status, body: JSON.parse(body.toString()) };
}

async function whenReady(): Promise<void> {
  await eventually('the API to be ready', async () => (await readiness()).status === 200);
}

async function post(query: string, variables: object = {}) {
  const startedAt = performance.now();
  const { body, headers, status } = await sendRaw(app.url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  expectNothingDisclosed(body.toString(), app);
  return {
    ...(JSON.parse(body.toString()) as { data?: any; errors?: any[] }),
    ...{ status, requestId: headers['x-request-id'], tookMs: performance.now() - startedAt },
  };
}

describe('while the database is stopped', () => {
  let job: Awaited<ReturnType<typeof succeedJob>>;
  beforeAll(async () => {
    await whenReady();
    job = await succeedJob(app);
    // Connections that the pool holds idle break with the server; each field finds one of them.
    await Promise.all(Array.from({ length: 8 }, () => app.app.pool.query('select pg_sleep(0.1)')));
    await postgres.stop();
  });
  afterAll(() => postgres.start());

  test.each([
    ['job', `query ($id: ID!) { answer: job(id: $id) { id } }`],
    ['node', `query ($id: ID!) { answer: node(id: $id) { id } }`],
    ['jobs', `query ($id: ID) { answer: jobs { totalCount } }`],
    ['queueStats', `query ($id: ID) { answer: queueStats { queued } }`],
    [
      'requestMp3',
      `mutation ($id: ID) { answer: requestMp3(url: "youtu.be/dQw4w9WgXcQ") { outcome } }`,
    ],
    ['cancelJob', `mutation ($id: ID!) { answer: cancelJob(id: $id) { job { id } } }`],
    ['retryJob', `mutation ($id: ID!) { answer: retryJob(id: $id) { job { id } } }`],
    ['deleteJob', `mutation ($id: ID!) { answer: deleteJob(id: $id) { deletedJobId } }`],
  ])('%s answers SERVICE_UNAVAILABLE, at once', async (_, document) => {
    const { data, errors, requestId, status, tookMs } = await post(
      document.includes('$id: ID)') ? document.replace('($id: ID)', '') : document,
      { id: job.id },
    );
    expect({ status, data, errors }).toEqual({
      ...{ status: 200, data: { answer: null } },
      errors: [
        {
          ...{ message: unavailable, path: ['answer'], locations: [expect.anything()] },
          extensions: { code: 'SERVICE_UNAVAILABLE', requestId },
        },
      ],
    });
    expect(tookMs).toBeLessThan(1_000);
  });

  test('a file cannot be looked up: 503 in a sentence', async () => {
    const { status, headers, body } = await sendRaw(app.url, `/files/${job.token}/any.mp3`);
    expect({ status, text: body.toString() }).toEqual({ status: 503, text: `${unavailable}\n` });
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('/readyz says 503 and which part, /livez stays 200, /metrics leaves out what it cannot know', async () => {
    expect(
      await eventually('the LISTEN connection to be missed', async () => {
        const { status, body } = await readiness();
        return body.liveStatus === 'unavailable' && { status, body };
      }),
    ).toEqual({
      status: 503,
      body: { status: 'unavailable', database: 'unavailable', liveStatus: 'unavailable' },
    });
    expect((await sendRaw(app.url, '/livez')).status).toBe(200);
    const metrics = await sendRaw(app.url, '/metrics');
    expect(metrics.status).toBe(200);
    const text = metrics.body.toString();
    expectNothingDisclosed(text, app);
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toMatch(/^tapedeck_(?:jobs|worker_slots)\S* \d/m);
  });
});

describe('across a restart', () => {
  test('/readyz says 200 again, and a request is accepted', async () => {
    await whenReady();
    const { data } = await post(`mutation ($url: String!) { requestMp3(url: $url) { outcome } }`, {
      url: `https://youtu.be/${newVideoId()}`,
    });
    expect(data.requestMp3.outcome).toBe('CREATED');
    const { body } = await sendRaw(app.url, '/metrics');
    expect(body.toString()).toMatch(/^tapedeck_worker_slots 0$/m);
  });

  test('streams stay open, those begun meanwhile begin afterwards, and all end with the truth', async () => {
    await whenReady();
    const watched = `subscription ($id: ID!) { job(id: $id) { job { status version } isFinal } }`;
    const job = await queueJob(app);
    await using socket = await openSocket(app.url);
    socket.subscribe('before', watched, job);
    socket.subscribe(
      'list before',
      `subscription { jobs { isSnapshot jobs { id status } removedIds } }`,
    );
    await Promise.all([socket.receive('before'), socket.receive('list before')]);
    await postgres.stop();
    socket.subscribe('meanwhile', watched, job);
    socket.subscribe(
      'list meanwhile',
      `subscription { jobs { isSnapshot jobs { id status } removedIds } }`,
    );
    await eventually('the outage to be seen', async () => (await readiness()).status === 503);
    expect(socket.messages.filter(({ id }) => id?.includes('meanwhile'))).toEqual([]);
    await postgres.start();
    const listed = await socket.receive('list meanwhile');
    expect(listed.payload.data.jobs).toMatchObject({ isSnapshot: true });
    expect(listed.payload.data.jobs.jobs).toContainEqual({ id: job.id, status: 'QUEUED' });
    expect((await socket.receive('meanwhile')).payload.data.job).toEqual({
      ...{ job: { status: 'QUEUED', version: 1 }, isFinal: false },
    });
    await whenReady();
    await ask(app.url, `mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }`, job);
    for (const id of ['before', 'meanwhile']) {
      const messages = await socket.readToEnd(id);
      expect(messages.map(({ type, payload }) => [type, payload?.data.job.job.version])).toEqual([
        ['next', 1],
        ['next', 2],
        ['complete', undefined],
      ]);
    }
    for (const id of ['list before', 'list meanwhile']) {
      expect((await socket.receive(id, 1)).payload.data.jobs).toEqual({
        ...{ isSnapshot: false, jobs: [{ id: job.id, status: 'CANCELED' }], removedIds: [job.id] },
      });
    }
  });
});
