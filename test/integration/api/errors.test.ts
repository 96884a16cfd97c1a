// What leaves the process when something of ours breaks: a sentence and the request's id, on any transport.

import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Repeater } from '@repeaterjs/repeater';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi } from '../../../src/api.ts';
import type { Services } from '../../../src/resolvers/context.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { queueJob, succeedJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { openSocket } from '../../support/socket.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

/** A second listener over the same application, with some of its parts replaced by broken ones. */
async function withBroken(broken: (services: Services) => Partial<Services>) {
  const { context } = app.app;
  return startApi({ ...app.app, context: { ...context, ...broken(context) } });
}

async function post(url: string, query: string, variables: object = {}) {
  const answer = await sendRaw(url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const text = answer.body.toString();
  expectNothingDisclosed(text, app);
  expectNothingDisclosed(JSON.stringify(answer.headers), { ...app, dataFolder: '' });
  return { ...answer, ...(JSON.parse(text) as { data?: any; errors?: any[] }) };
}

const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);
const sorry = 'Something went wrong on this server; try again.';

/** The whole masked error, so that nothing can hide beside its fields. */
function masked(path: string[]) {
  return {
    ...{ message: sorry, path, locations: [{ line: 1, column: expect.any(Number) }] },
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: uuid },
  };
}

const secrets = `select password from tapedeck.jobs -- in /etc/passwd at db.internal.example:5432`;

function rejecting(make: () => unknown): () => Promise<never> {
  return async () => {
    throw make();
  };
}

/** Things that get thrown, by us, by a library, or by mistake. */
const thrown: [string, () => unknown][] = [
  ['an error', () => new Error(secrets)],
  ['an error with a cause', () => new Error(secrets, { cause: new Error(secrets) })],
  [
    'a TypeError',
    () => new TypeError(`Cannot read properties of undefined (reading '${secrets}')`),
  ],
  [
    'a file system error',
    () => Object.assign(new Error(secrets), { code: 'EACCES', path: secrets }),
  ],
  ['a string', () => secrets],
  ['an object', () => ({ message: secrets, stack: secrets })],
  ['undefined', () => undefined],
  ['null', () => null],
  [
    'an error with a code of its own',
    () => Object.assign(new Error(secrets), { extensions: { code: secrets } }),
  ],
  ['an AggregateError', () => new AggregateError([new Error(secrets)], secrets)],
];

describe('over HTTP', () => {
  test.each(thrown)(
    'a field that throws %s answers a sentence and the request’s id',
    async (_, make) => {
      await using api = await withBroken(({ queries }) => ({
        queries: { ...queries, readQueueStats: rejecting(make) },
      }));
      const { status, headers, data, errors } = await post(api.url, `{ queueStats { queued } }`);
      expect({ status, data, errors }).toEqual({
        ...{ status: 200, data: { queueStats: null }, errors: [masked(['queueStats'])] },
      });
      expect(errors?.[0].extensions.requestId).toBe(headers['x-request-id']);
    },
  );

  test('a field that throws at once is no different', async () => {
    await using api = await withBroken(({ queries }) => ({
      queries: {
        ...queries,
        findJobs: () => {
          throw new Error(secrets);
        },
      },
    }));
    const { errors } = await post(api.url, `{ job(id: "x") { id } }`);
    expect(errors).toEqual([masked(['job'])]);
  });

  test('SQL that fails tells no SQL, in any field or payload', async () => {
    const job = await queueJob(app);
    await app.database.pool.query(`alter schema tapedeck rename to broken`);
    try {
      const reads = await post(
        app.url,
        `query ($id: ID!) { job(id: $id) { id } node(id: $id) { id } jobs { totalCount } queueStats { queued } }`,
        job,
      );
      expect(reads.data).toEqual({ job: null, node: null, jobs: null, queueStats: null });
      expect(new Set(reads.errors?.map(({ message }) => message))).toEqual(new Set([sorry]));
      const writes = await post(
        app.url,
        `mutation ($id: ID!) { requestMp3(url: "https://youtu.be/dQw4w9WgXcQ") { outcome }
           cancelJob(id: $id) { job { id } } retryJob(id: $id) { job { id } }
           deleteJob(id: $id) { deletedJobId } }`,
        job,
      );
      expect(writes.data).toEqual({
        ...{ requestMp3: null, cancelJob: null, retryJob: null, deleteJob: null },
      });
      expect(writes.errors).toHaveLength(4);
      for (const path of [`/files/${'x'.repeat(22)}/a.mp3`, '/metrics', '/readyz']) {
        const { body, headers } = await sendRaw(app.url, path);
        expectNothingDisclosed(body.toString(), app);
        expect(headers['x-request-id']).toEqual(uuid);
      }
    } finally {
      await app.database.pool.query(`alter schema broken rename to tapedeck`);
    }
    expect(
      (await post(app.url, `query ($id: ID!) { job(id: $id) { id } }`, job)).errors,
    ).toBeUndefined();
  });

  test('a store that fails tells no path', async () => {
    const job = await succeedJob(app);
    const folder = join(app.dataFolder, 'store', job.jobId.slice(-2));
    expect(await readdir(folder)).toHaveLength(1);
    await rename(folder, `${folder}.away`);
    await writeFile(folder, 'no folder');
    const url = `/files/${job.token}/any.mp3`;
    const file = await sendRaw(app.url, url);
    expectNothingDisclosed(file.body.toString(), app);
    expect(file.status).toBe(500);
    const { errors } = await post(
      app.url,
      `mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }`,
      job,
    );
    expect(errors).toEqual([masked(['deleteJob'])]);
    await rm(folder);
    await rename(`${folder}.away`, folder);
  });

  test('GraphQL’s own complaints stay readable: they are the caller’s to mend', async () => {
    const complaints = [
      ['{ job(id: "x") { nope } }', /Cannot query field "nope" on type "Job"/],
      ['{ job { id } }', /argument "id" of type "ID!" is required/],
      ['{', /Syntax Error/],
    ] as const;
    for (const [query, complaint] of complaints) {
      const { errors } = await post(app.url, query);
      expect(errors?.[0].message).toMatch(complaint);
    }
    const { errors } = await post(
      app.url,
      `query ($first: Int) { jobs(first: $first) { totalCount } }`,
      {
        first: 'many',
      },
    );
    expect(errors?.[0]).toMatchObject({
      message: expect.stringMatching(/Int cannot represent non-integer value: "many"/),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  test('requests that are no GraphQL are refused without a word about us', async () => {
    const requests = [
      { body: '{', headers: { 'content-type': 'application/json' } },
      { body: '[]', headers: { 'content-type': 'application/json' } },
      { body: '', headers: { 'content-type': 'application/json' } },
      { body: '{ jobs { totalCount } }', headers: { 'content-type': 'text/plain' } },
      { body: 'query=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { body: '{"query": 5}', headers: { 'content-type': 'application/json' } },
      {
        body: '{"query": "{a}", "variables": "x"}',
        headers: { 'content-type': 'application/json' },
      },
      { body: '{"__proto__": {"x": 1}}', headers: { 'content-type': 'application/json' } },
      {
        body: JSON.stringify({ query: `{ a }${' '.repeat(2_000_000)}` }),
        headers: { 'content-type': 'application/json' },
      },
    ];
    for (const request of requests) {
      const { status, body } = await sendRaw(app.url, '/graphql', { method: 'POST', ...request });
      expectNothingDisclosed(body.toString(), app);
      expect({
        request: request.body.slice(0, 40),
        isRefused: status >= 400 && status < 500,
      }).toEqual({
        ...{ request: request.body.slice(0, 40), isRefused: true },
      });
    }
  });
});

describe('over WebSocket', () => {
  test.each(thrown)('a subscription that cannot begin for %s is masked', async (_, make) => {
    await using api = await withBroken(({ jobWatch }) => ({
      jobWatch: {
        ...jobWatch,
        watchJob: () => {
          throw make();
        },
      },
    }));
    await using socket = await openSocket(api.url);
    socket.subscribe('1', `subscription { job(id: "x") { isFinal } }`);
    const messages = await socket.readToEnd('1');
    expectNothingDisclosed(JSON.stringify(messages), app);
    const [{ type, payload } = { type: '' }] = messages;
    const errors = type === 'error' ? payload : payload.errors;
    expect(errors).toEqual([masked(['job'])]);
  });

  test('a frame that fails in part is masked, and the stream goes on', async () => {
    let isBroken = true;
    await using api = await withBroken(({ queries }) => ({
      queries: {
        ...queries,
        countAhead: (id) =>
          isBroken ? Promise.reject(new Error(secrets)) : queries.countAhead(id),
      },
    }));
    const job = await queueJob(app);
    await using socket = await openSocket(api.url);
    socket.subscribe(
      '1',
      `subscription ($id: ID!) { job(id: $id) { job { status queuePosition } isFinal } }`,
      job,
    );
    const first = await socket.receive('1');
    expectNothingDisclosed(JSON.stringify(first), app);
    expect(first.payload).toEqual({
      data: { job: { job: { status: 'QUEUED', queuePosition: null }, isFinal: false } },
      errors: [masked(['job', 'job', 'queuePosition'])],
    });
    isBroken = false;
    await post(app.url, `mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }`, job);
    expect((await socket.readToEnd('1')).at(-2)?.payload).toEqual({
      data: { job: { job: { status: 'CANCELED', queuePosition: null }, isFinal: true } },
    });
  });

  test('a source that breaks in the middle ends that stream alone, and is masked', async () => {
    const { promise: broken, reject: break_ } = Promise.withResolvers<never>();
    await using api = await withBroken(({ jobWatch }) => ({
      jobWatch: {
        ...jobWatch,
        watchJob: () =>
          new Repeater(async (push) => {
            void push(() => ({ job: null, isFinal: false }));
            await broken;
          }),
      },
    }));
    await using socket = await openSocket(api.url);
    socket.subscribe('1', `subscription { job(id: "x") { isFinal } }`);
    socket.subscribe('2', `subscription { queueStats { queued } }`);
    await Promise.all([socket.receive('1'), socket.receive('2')]);
    break_(new Error(secrets));
    const [, error] = await socket.readToEnd('1');
    expectNothingDisclosed(JSON.stringify(error), app);
    expect(error).toMatchObject({ type: 'error', payload: [{ message: sorry }] });
    socket.subscribe('3', `subscription { job(id: "x") { isFinal } }`);
    expect((await socket.receive('3')).type).toBe('next');
  });

  test('documents and arguments at fault are told word for word, and end nothing else', async () => {
    await using socket = await openSocket(app.url);
    const faults = [
      ['subscription {', /Syntax Error/],
      ['subscription { job(id: "x") { nope } }', /Cannot query field \\"nope\\"/],
      ['subscription { job { isFinal } }', /argument \\"id\\" of type \\"ID!\\" is required/],
      [`subscription { jobs(ids: [${'"x" '.repeat(101)}]) { isSnapshot } }`, /at most 100 ids/],
      [
        'subscription A { queueStats { queued } } subscription B { queueStats { queued } }',
        /operation/,
      ],
    ] as const;
    for (const [index, [document, complaint]] of faults.entries()) {
      socket.subscribe(`${index}`, document);
      const [message] = await socket.readToEnd(`${index}`);
      expect(JSON.stringify(message)).toMatch(complaint);
    }
    socket.subscribe('good', `subscription { job(id: "x") { isFinal } }`);
    expect((await socket.readToEnd('good')).at(-1)?.type).toBe('complete');
  });

  test('what is no message of the protocol closes the socket without a word about us', async () => {
    for (const message of ['{', 'null', '[]', '{"type":"start"}', '{"type":"subscribe","id":""}']) {
      await using socket = await openSocket(app.url);
      socket.raw.send(message);
      const { code, reason } = await socket.closed;
      expect(code).toBe(4400);
      expectNothingDisclosed(reason, app);
    }
  });
});
