// Two visitors and one job: on every path, what is somebody else's is answered exactly like what never was.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { createClient } from 'graphql-ws';
import { findOwnedJobs } from '../../../src/db/jobs.ts';
import { fromGlobalId, toGlobalId } from '../../../src/resolvers/globalId.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { newVideoId, runJob } from '../../support/jobStates.ts';
import { newVisitor } from '../../support/visitor.ts';
import type { Visitor } from '../../support/visitor.ts';

let app: TestApp;
let alice: Visitor;
let mallory: Visitor;
/** Hers alone. */
let foreign: string;
/** Mallory's own. */
let own: string;
const absent = toGlobalId(randomUUID().replace(/^(.{14})4/, '$17'));

beforeAll(async () => {
  const unlimited = { REQUESTS_PER_MINUTE: '0', OPERATIONS_PER_MINUTE_PER_ADDRESS: '0' };
  app = await startApp({ settings: { ROLES: 'api', ACCESS: 'sessions', ...unlimited } });
  [alice, mallory] = [newVisitor(app.url), newVisitor(app.url)];
  foreign = await requestJob(alice);
  own = await requestJob(mallory);
});
afterAll(() => app[Symbol.asyncDispose]());

async function requestJob(visitor: Visitor, videoId = newVideoId()): Promise<string> {
  const { data } = await visitor.send(
    'mutation ($url: String!) { requestMp3(url: $url) { job { id } } }',
    { url: `youtu.be/${videoId}` },
  );
  return data.requestMp3.job.id;
}

/** All that arrives of a subscription until it ends, or its first frame when it does not end by itself. */
async function streamOf(visitor: Visitor, query: string, variables: object): Promise<unknown[]> {
  const headers = visitor.headers();
  class Socket extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: `${app.url.replace('http', 'ws')}/graphql`,
    ...{ webSocketImpl: Socket, retryAttempts: 0 },
  });
  const frames: unknown[] = [];
  for await (const frame of client.iterate({ query, variables: { ...variables } })) {
    frames.push(frame);
    if (JSON.stringify(frame).includes('isSnapshot')) break;
  }
  await client.dispose();
  return frames;
}

const fields = 'id status version timeline { at }';
const paths: [string, string][] = [
  ['node', `query ($id: ID!) { it: node(id: $id) { id ... on Job { ${fields} } } }`],
  ['nodes', `query ($id: ID!) { it: nodes(ids: [$id]) { id } }`],
  ['job', `query ($id: ID!) { it: job(id: $id) { ${fields} queuePosition result { url } } }`],
  [
    'cancelJob',
    `mutation ($id: ID!) { it: cancelJob(id: $id) { job { id } userErrors { code message } } }`,
  ],
  [
    'retryJob',
    `mutation ($id: ID!) { it: retryJob(id: $id) { job { id } userErrors { code message } } }`,
  ],
  [
    'deleteJob',
    `mutation ($id: ID!) { it: deleteJob(id: $id) { deletedJobId userErrors { code message } } }`,
  ],
];
const streams: [string, string][] = [
  ['job', `subscription ($id: ID!) { job(id: $id) { isFinal job { ${fields} } } }`],
  [
    'jobs',
    `subscription ($id: ID!) { jobs(ids: [$id], activeOnly: false) { isSnapshot jobs { id } } }`,
  ],
];

describe('a foreign job is answered like an absent one', () => {
  test.each(paths)('by %s', async (_, query) => {
    const [theirs, none] = [
      await mallory.send(query, { id: foreign }),
      await mallory.send(query, { id: absent }),
    ];
    expect(theirs).toEqual(none);
    expect(JSON.stringify(theirs)).not.toContain(foreign);
  });

  test.each(streams)('by the stream %s', async (_, query) => {
    const theirs = await streamOf(mallory, query, { id: foreign });
    expect(theirs).toEqual(await streamOf(mallory, query, { id: absent }));
    expect(JSON.stringify(theirs)).not.toContain(foreign);
  });

  test('in the history, whatever is searched for', async () => {
    const query = `query ($filter: JobFilter) { jobs(filter: $filter) { totalCount nodes { id } } }`;
    const { data: hers } = await alice.send(`{ jobs { nodes { id sourceUrl } } }`);
    const { sourceUrl } = hers.jobs.nodes[0];
    const { data } = await mallory.send(query, { filter: { sourceUrl } });
    expect(data.jobs).toEqual({ totalCount: 0, nodes: [] });
  });

  test('by a cursor of hers, which is a place and no key', async () => {
    const { data } = await alice.send(`{ jobs { edges { cursor } } }`);
    const { cursor } = data.jobs.edges[0];
    const query = `query ($cursor: String) { jobs(before: $cursor) { nodes { id } } }`;
    const { data: seen } = await mallory.send(query, { cursor });
    expect(JSON.stringify(seen)).not.toContain(foreign);
  });

  test('and it is as it was afterwards', async () => {
    const { data } = await alice.send('query ($id: ID!) { job(id: $id) { status version } }', {
      id: foreign,
    });
    expect(data.job).toEqual({ status: 'QUEUED', version: 1 });
  });

  test('in the same time: the medians of many are printed, and one statement decides both', async () => {
    const query = paths[2]?.[1] ?? '';
    const times: Record<string, number[]> = { foreign: [], absent: [] };
    for (let nth = 0; nth < 100; nth += 1) {
      for (const [name, id] of Object.entries(
        nth % 2 ? { foreign, absent } : { absent, foreign },
      )) {
        const startedAt = performance.now();
        await mallory.send(query, { id });
        times[name]?.push(performance.now() - startedAt);
      }
    }
    const median = (name: string) => times[name]?.toSorted((a, b) => a - b)[50] ?? 0;
    process.stdout.write(
      `a foreign job is refused in ${median('foreign').toFixed(2)} ms, an absent one in ${median('absent').toFixed(2)} ms (medians of 100)\n`,
    );
    // Both leave the database without a row: there is nothing later on that could differ.
    const { pool } = app.database;
    const ids = [foreign, absent, own].map((id) => fromGlobalId(id) ?? '');
    const { rows } = await pool.query<{ owner: string }>(
      'select owner_id as owner from tapedeck.job_owners where job_id = $1',
      ids.slice(-1),
    );
    const found = await findOwnedJobs(pool, rows[0]?.owner ?? '', ids);
    expect(found.map(({ id }) => toGlobalId(id))).toEqual([own]);
  });
});

test('of a shared conversion one may leave, and the other sees nothing of it', async () => {
  const { videoId } = await runJob(app, { ownerId: 'somebody' });
  const [one, two] = [newVisitor(app.url), newVisitor(app.url)];
  const id = await requestJob(one, videoId);
  expect(await requestJob(two, videoId)).toBe(id);
  const read = 'query ($id: ID!) { job(id: $id) { status version attempt } }';
  const before = (await two.send(read, { id })).data;
  await one.send('mutation ($id: ID!) { cancelJob(id: $id) { userErrors { code } } }', { id });
  expect((await one.send(read, { id })).data).toEqual({ job: null });
  expect((await two.send(read, { id })).data).toEqual(before);
});

test('the queue’s figures name no job, owner or host', async () => {
  const { data } =
    await mallory.send(`{ queueStats { queued running waitingForRetry workers workerSlots
    window { succeeded } series { succeeded } failures { code count } workerList { id slots running } } }`);
  const text = JSON.stringify(data);
  expect(data.queueStats.queued).toBeGreaterThan(0);
  expect(text).not.toMatch(/session:|youtu|owner/);
});
