// The database breaks under load, in every way it knows: no accepted job is lost, none is published twice, no
// conversion is killed, callers are told at once, and nobody needs a hand afterwards.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { createPool } from '../../src/db/pool.ts';
import type { Database } from '../../src/db/pool.ts';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { eventually } from '../support/eventually.ts';
import { percentile, report } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { openFolder } from '../support/folder.ts';
import { lastFor } from '../support/lasting.ts';
import { startLoad } from '../support/load.ts';
import type { Load } from '../support/load.ts';
import { startOwnPostgres } from '../support/ownPostgres.ts';
import type { OwnPostgres } from '../support/ownPostgres.ts';
import { scale } from '../support/scale.mjs';
import { openSocket } from '../support/socket.ts';
import type { TestSocket } from '../support/socket.ts';
import { makeStandIn } from '../support/standInTools.ts';
import type { StandIn } from '../support/standInTools.ts';

/** Two workers with so many slots each. The machine of a test is small; what is checked does not depend on it. */
const slots = scale(3, 6);
/** `OUTAGE_SECONDS=300 npm run test:reliability -- databaseOutage` adds a long one, in which nothing is kept going. */
const outages = [
  ...scale([3], [10, 28]),
  ...[process.env['OUTAGE_SECONDS']].flatMap((text) => (text === undefined ? [] : [Number(text)])),
];
const longestKeptGoingSeconds = 30;
const connections = 60;
const askEveryMs = scale(700, 500);
/** Whoever takes as long is still there when the load has filled the last slot. */
const fillSeconds = Math.ceil((2 * slots * askEveryMs) / 1_000) + 2;

const stack = new AsyncDisposableStack();
let standIn: StandIn;
let postgres: OwnPostgres;
let pool: Database;
let fleet: Fleet;
let load: Load;
beforeAll(async () => {
  standIn = await makeStandIn(stack.use(await openFolder()));
  postgres = stack.use(await startOwnPostgres({ max_connections: String(connections) }));
  pool = createPool({
    ...{ connectionString: postgres.url, applicationName: 'test', maxConnections: 2 },
    onIdleError: () => {},
  });
  stack.defer(() => pool.end());
  fleet = stack.use(
    await startFleet({
      workers: 2,
      database: { url: postgres.url, pool },
      settings: { ...standIn.settings, WORKER_CONCURRENCY: String(slots) },
    }),
  );
});
afterAll(() => stack.disposeAsync());

beforeEach(async () => {
  await pool.query(`delete from tapedeck.jobs`);
  load = startLoad(() => fleet.api.url, askEveryMs);
});
afterEach(() => load.stop());

type Running = { readonly id: string; readonly attempt: number };

async function readRunning(): Promise<Running[]> {
  const { rows } = await pool.query<Running>(
    `select id, attempt from tapedeck.jobs where status = 'RUNNING'`,
  );
  return rows;
}

const whenBusy = () =>
  eventually('every slot to be busy', async () => (await readRunning()).length === 2 * slots, {
    timeoutMs: 120_000,
  });

/** One stream a job, all on one socket. */
async function watchAll(ids: readonly string[]): Promise<TestSocket> {
  const socket = await openSocket(fleet.api.url);
  for (const id of ids) {
    socket.subscribe(id, `subscription ($id: ID!) { job(id: $id) { job { version status } } }`, {
      id,
    });
  }
  await Promise.all(ids.map((id) => socket.receive(id)));
  return socket;
}

const isReady = async () => (await fetch(`${fleet.api.url}/readyz`)).ok;

/** Everything that was accepted has to succeed, once, and its streams with it. */
async function expectNothingLost(watched: TestSocket): Promise<void> {
  await load.stop();
  await fleet.waitForAll();
  const { rows } = await pool.query<{ id: string; status: string; attempt: number }>(
    `select id, status, attempt from tapedeck.jobs`,
  );
  const ids = new Set(rows.map(({ id }) => id));
  expect(load.accepted.filter((id) => !ids.has(fromGlobalId(id) ?? ''))).toEqual([]);
  expect(rows.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  const store = await readdir(join(fleet.dataFolder, 'store'), { recursive: true });
  const published = store.filter((name) => ids.has(name.split('/').at(-1)?.slice(0, 36) ?? ''));
  expect(published.length).toBe(rows.length);
  for (const id of new Set(watched.messages.flatMap((message) => message.id ?? []))) {
    const messages = await watched.readToEnd(id);
    const jobs = messages.flatMap(({ payload }) => payload?.data?.job.job ?? []);
    const versions = jobs.map(({ version }: { version: number }) => version);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
    expect(jobs.at(-1).status).toBe('SUCCEEDED');
  }
  for (const each of [fleet.api, ...fleet.workers]) {
    expect(() => process.kill(each.pid, 0)).not.toThrow();
    expect(each.output()).not.toMatch(/unhandled/i);
  }
}

function expectToldAtOnce(): void {
  expect(new Set(load.refused.map(({ code }) => code))).toEqual(new Set(['SERVICE_UNAVAILABLE']));
  // A new connection is waited for this long, and not for a statement's answer.
  expect(Math.max(...load.refused.map(({ tookMs }) => tookMs))).toBeLessThan(7_000);
}

test('workers that have nothing to do outlive an outage, however long, and take the next job', async () => {
  await load.stop();
  await eventually('every job to end', async () => {
    const { rowCount } = await pool.query(
      `select from tapedeck.jobs where status in ('QUEUED', 'RUNNING')`,
    );
    return rowCount === 0;
  });
  // Longer than a worker may fail to fetch jobs while the database is well.
  const seconds = scale(17, 40);
  await postgres.crash();
  await lastFor(seconds);
  await postgres.start();
  await eventually('the API to be ready', isReady);
  load = startLoad(() => fleet.api.url, askEveryMs);
  const backAt = performance.now();
  await eventually('a job to end', async () => {
    const { rowCount } = await pool.query(
      `select from tapedeck.jobs where finished_at > pg_postmaster_start_time() limit 1`,
    );
    return rowCount === 1;
  });
  const endedMs = performance.now() - backAt;
  await lastFor(2);
  await load.stop();
  for (const each of [fleet.api, ...fleet.workers]) {
    expect(() => process.kill(each.pid, 0)).not.toThrow();
  }
  report({
    demand: `idle workers and a database that is away for ${seconds} s`,
    target: 'nobody needs a hand',
    measured: `none ended; the next job ended ${toSeconds(endedMs)} after the API was ready`,
  });
}, 180_000);

test.each(outages)(
  'it crashes under load and is back after %i s',
  async (seconds) => {
    // Longer than the outage: each conversion has to live through it.
    await standIn.take(Math.min(seconds, longestKeptGoingSeconds) + 6);
    await whenBusy();
    const running = await readRunning();
    await using socket = await watchAll(load.accepted.slice(0, 2 * slots));
    await standIn.take(1);
    await postgres.crash();
    await eventually('readyz to say so', async () => !(await isReady()));
    await lastFor(seconds);
    expect(socket.raw.readyState).toBe(socket.raw.OPEN);
    await postgres.start();
    const backAt = performance.now();
    const acceptedBefore = load.accepted.length;
    await eventually('a request to be accepted', () => load.accepted.length > acceptedBefore);
    const acceptedMs = performance.now() - backAt;
    await eventually(
      'a worker to write again',
      async () => {
        const { rowCount } = await pool.query(
          `select from tapedeck.jobs where attempt > 0 and updated_at > pg_postmaster_start_time() limit 1`,
        );
        return rowCount === 1;
      },
      { timeoutMs: 10_000 },
    );
    const resumedMs = performance.now() - backAt;
    expectToldAtOnce();
    await expectNothingLost(socket);
    const { rows: killed } = await pool.query(
      `select j.id, j.attempt from tapedeck.jobs j
       join unnest($1::uuid[], $2::integer[]) as r(id, attempt) on r.id = j.id and r.attempt <> j.attempt`,
      [running.map(({ id }) => id), running.map(({ attempt }) => attempt)],
    );
    const isKeptGoing = seconds <= longestKeptGoingSeconds;
    if (isKeptGoing) expect(killed).toEqual([]);
    report({
      demand: `Postgres stopped with -m immediate for ${seconds} s, ${running.length} conversions under way`,
      target: `0 lost, 0 published twice, ${isKeptGoing ? '0 conversions killed, ' : ''}work resumes ≤ 10 s`,
      measured: `0 of ${load.accepted.length} lost, 0 twice, ${killed.length} killed; accepts after ${toSeconds(acceptedMs)}, a worker writes after ${toSeconds(resumedMs)}; ${describeRefusals()}`,
    });
  },
  (300 + Math.max(...outages)) * 1_000,
);

test('its backends are terminated twice a second', async () => {
  const seconds = scale(8, 60);
  await standIn.take(fillSeconds);
  await whenBusy();
  await standIn.take(seconds + 5);
  // Of one that moves all the time, the frames tell how long nothing was heard.
  const [newest = ''] = load.accepted.slice(-1);
  await using socket = await watchAll([newest]);
  await standIn.take(2);
  const heardAt: number[] = [];
  socket.raw.on('message', () => heardAt.push(performance.now()));
  let ended = 0;
  for (let turn = 0; turn < seconds * 2; turn += 1) {
    const { rowCount } = await pool.query(
      `select pg_terminate_backend(pid) from (
           select pid from pg_stat_activity where application_name like 'tapedeck%' order by random() limit 1) victim`,
    );
    ended += rowCount ?? 0;
    await lastFor(0.5);
  }
  const codes = new Set(load.refused.map(({ code }) => code));
  expect([...codes].filter((code) => code !== 'SERVICE_UNAVAILABLE')).toEqual([]);
  await expectNothingLost(socket);
  const gaps = heardAt.slice(1).map((at, index) => at - (heardAt[index] ?? at));
  report({
    demand: `backends terminated 2 a second for ${seconds} s`,
    target: '0 lost',
    measured: `0 of ${load.accepted.length} lost, ${ended} backends ended, ${load.refused.length} calls told SERVICE_UNAVAILABLE; longest gap in a stream ${gaps.length > 0 ? toSeconds(percentile(gaps, 1)) : 'not measured'}`,
  });
}, 300_000);

test('it has no free connection', async () => {
  const seconds = scale(6, 60);
  await standIn.take(seconds + 8);
  await whenBusy();
  await using socket = await watchAll(load.accepted.slice(0, slots));
  await standIn.take(1);
  {
    await using _ = await takeAllConnections();
    await eventually('readyz to say so', async () => !(await isReady()));
    await eventually('a call to be refused', () => load.refused.length > 0);
    await lastFor(seconds);
  }
  await eventually('readyz to be well again', isReady);
  expectToldAtOnce();
  await expectNothingLost(socket);
  report({
    demand: `no free connection for ${seconds} s`,
    target: 'calls fail fast with a typed error, 0 lost',
    measured: `0 of ${load.accepted.length} lost; ${describeRefusals()}`,
  });
}, 240_000);

/** Ends everybody else's, and keeps every slot until it is disposed. */
async function takeAllConnections(): Promise<AsyncDisposable> {
  const clients: Client[] = [];
  const take = async () => {
    const client = new Client({ connectionString: postgres.url, application_name: 'hog' });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
  };
  // Several at once, and without a pause: whoever was ended comes back for the slot. Superusers may have the reserved too.
  const full = new AbortController();
  const takers = Array.from({ length: 8 }, async () => {
    while (!full.signal.aborted) await take().catch(() => {});
  });
  await eventually('every slot to be taken', async () => {
    const { rowCount } = await pool.query(
      `select pg_terminate_backend(pid, 2000) from pg_stat_activity where application_name like 'tapedeck%'`,
    );
    return rowCount === 0;
  });
  full.abort();
  await Promise.all(takers);
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

const toSeconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

function describeRefusals(): string {
  const took = load.refused.map(({ tookMs }) => tookMs);
  return took.length === 0
    ? 'no call refused'
    : `${took.length} calls refused after ${toSeconds(percentile(took, 0.5))} (p50), ${toSeconds(percentile(took, 1))} at most`;
}
