// API and worker under roles that own nothing, let in by password to a Postgres that was migrated by its owner: all
// works, and what neither needs is refused by the server itself.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, writeFile } from 'node:fs/promises';
import { Client } from 'pg';
import { cancelJob } from '../../src/db/actions.ts';
import { claimAttempt, releaseAttempt, retryAttemptLater } from '../../src/db/attempts.ts';
import { readDatabaseFigures } from '../../src/db/databaseFigures.ts';
import { openLane, refuseLane, waitInLane } from '../../src/db/lanes.ts';
import { createPool } from '../../src/db/pool.ts';
import { readQueueStats } from '../../src/db/queueStats.ts';
import { forgetIdempotencyKey } from '../../src/db/requests.ts';
import { toVerifier } from '../../src/db/roles.ts';
import {
  deleteLeftoverRows,
  enqueueForgottenJobs,
  expireDueArtifacts,
  expireLostArtifact,
  expireOverQuota,
} from '../../src/db/upkeep.ts';
import {
  beatWorker,
  forgetLosses,
  removeWorker,
  rescueLostAttempts,
} from '../../src/db/workers.ts';
import { act, awaitEnd, requestMp3 } from '../support/caller.ts';
import { openFolder } from '../support/folder.ts';
import { ask } from '../support/graphql.ts';
import { createJob } from '../support/jobs.ts';
import { startOwnPostgres } from '../support/ownPostgres.ts';
import type { OwnPostgres } from '../support/ownPostgres.ts';
import { runToExit, startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { newVisitor } from '../support/visitor.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let postgres: OwnPostgres;
let youtube: YouTube;
let dataFolder: string;
let api: Tapedeck;
let worker: Tapedeck;

const passwords = {
  API_DATABASE_PASSWORD: 'of the API',
  WORKER_DATABASE_PASSWORD: 'of the worker',
};
const passwordOf = (role: string) =>
  role === 'tapedeck_api' ? passwords.API_DATABASE_PASSWORD : passwords.WORKER_DATABASE_PASSWORD;
const urlAs = (role: string, password = passwordOf(role)) =>
  postgres.url.replace('//tapedeck@', `//${role}:${encodeURIComponent(password)}@`);
const settingsAs = (role: 'api' | 'worker', more = {}) => ({
  ...youtube.environment,
  ...{ DATABASE_URL: urlAs(`tapedeck_${role}`), ROLES: role, WORKER_CONCURRENCY: '1' },
  ...more,
});

const migrate = (more = {}) =>
  runToExit({
    ...{ dataFolder, command: 'migrate' },
    settings: { DATABASE_URL: postgres.url, ...passwords, LOG_LEVEL: 'trace', ...more },
  });

beforeAll(async () => {
  dataFolder = stack.use(await openFolder()).path;
  // The two roles by password alone. Postgres reads it as a user of its own.
  const folder = stack.use(await openFolder());
  await chmod(folder.path, 0o755);
  await writeFile(
    folder.file('pg_hba.conf'),
    'local all tapedeck,nobody trust\nlocal all all scram-sha-256\n',
    { mode: 0o644 },
  );
  postgres = stack.use(await startOwnPostgres({ hba_file: folder.file('pg_hba.conf') }));
  youtube = stack.use(await startYouTube());
});
afterAll(() => stack.disposeAsync());

async function tell(role: string, statement: string, password?: string): Promise<string> {
  const client = new Client({ connectionString: urlAs(role, password) });
  try {
    await client.connect();
    await client.query(statement);
    return 'done';
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    return code === '42501' ? 'refused' : `${code} ${message}`;
  } finally {
    await client.end();
  }
}

test('the owner makes schema and roles by one command, and no password is in any log', async () => {
  const { exitCode, output } = await migrate();
  expect({ exitCode, said: output.includes('The schema is current.') }).toEqual({
    ...{ exitCode: 0, said: true },
  });
  expect(output).not.toMatch(/of the (API|worker)/);
});

test('the roles are let in by their passwords and by no other, and a new password takes the place of the old', async () => {
  const knock = (role: string, password?: string) => tell(role, 'select', password);
  expect(await knock('tapedeck_api')).toBe('done');
  expect(await knock('tapedeck_worker')).toBe('done');
  const refused = expect.stringMatching(/^28P01 password authentication failed/);
  for (const wrong of ['of the worker', 'OF THE API', 'of the API ']) {
    expect(await knock('tapedeck_api', wrong)).toEqual(refused);
  }
  expect(await migrate({ API_DATABASE_PASSWORD: 'another' })).toMatchObject({ exitCode: 0 });
  expect(await knock('tapedeck_api', 'another')).toBe('done');
  expect(await knock('tapedeck_api')).toEqual(refused);
  expect(await migrate()).toMatchObject({ exitCode: 0 });
  expect(await knock('tapedeck_api')).toBe('done');
});

test('a password is stored as Postgres itself would store it', async () => {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`create role plain login password 'pass ßword'`);
  const { rows } = await client.query<{ rolpassword: string }>(
    `select rolpassword from pg_authid where rolname = 'plain'`,
  );
  await client.end();
  const stored = rows[0]?.rolpassword ?? '';
  const salt = Buffer.from(stored.split(/[:$]/)[2] ?? '', 'base64');
  expect(toVerifier('pass ßword', salt)).toBe(stored);
});

test('a conversion goes all its ways under both roles', async () => {
  api = stack.use(await startTapedeck({ dataFolder, settings: settingsAs('api') }));
  worker = stack.use(await startTapedeck({ dataFolder, settings: settingsAs('worker') }));
  youtube.add(video({ id: 'lowrights01' }));
  const { job } = await requestMp3(api.url, 'https://youtu.be/lowrights01');
  expect(await awaitEnd(api.url, job.id)).toMatchObject({ status: 'SUCCEEDED' });

  const held = video({ id: 'lowrights02' });
  held.hold();
  youtube.add(held);
  const { job: second } = await requestMp3(api.url, 'https://youtu.be/lowrights02');
  await held.whenHeld();
  expect(await act(api.url, 'cancelJob', second.id)).toMatchObject({ status: 'CANCELED' });
  held.release();
  expect(await act(api.url, 'retryJob', second.id)).toMatchObject({ status: 'QUEUED' });
  expect(await awaitEnd(api.url, second.id)).toMatchObject({ status: 'SUCCEEDED' });
  const { deleteJob } = await ask(
    api.url,
    'mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }',
    { id: job.id },
  );
  expect(deleteJob).toEqual({ deletedJobId: job.id });
  expect(worker.output()).not.toContain('permission denied');
  expect(api.output()).not.toContain('permission denied');
});

test('keys and limits work for an API that can neither read nor make a key', async () => {
  const owner = { DATABASE_URL: postgres.url };
  const made = await runToExit({
    ...{ dataFolder, settings: owner, command: 'keys', args: ['create', 'a'] },
  });
  const key = made.output.split('\n', 1)[0] ?? '';
  const settings = settingsAs('api', { ACCESS: 'keys' });
  await using guarded = await startTapedeck({ dataFolder, settings });
  const caller = newVisitor(guarded.url, { key });
  const { data } = await caller.send(
    'mutation { requestMp3(url: "youtu.be/lowrights01") { outcome userErrors { code } } }',
  );
  expect(data.requestMp3).toEqual({ outcome: 'CREATED', userErrors: [] });
  expect((await newVisitor(guarded.url).post('{ queueStats { queued } }')).status).toBe(401);
});

test('each role’s chores and rarer statements run as well', async () => {
  // It would take the jobs.
  await worker.stop();
  const poolAs = (role: string) =>
    createPool({
      connectionString: urlAs(role),
      ...{ applicationName: 'chores', maxConnections: 2, onIdleError: () => {} },
    });
  const [owner, asApi, asWorker] = [
    poolAs('tapedeck'),
    poolAs('tapedeck_api'),
    poolAs('tapedeck_worker'),
  ];
  try {
    // A worker that dies, with a job of a source that waits in a lane afterwards.
    await beatWorker(asWorker, { id: 'doomed', slots: 1 });
    const held = await createJob(asApi, 'QUEUED');
    await claimAttempt(asWorker, held.id, 'doomed');
    await owner.query(
      `update tapedeck.workers set seen_at = now() - interval '1 hour' where id = 'doomed'`,
    );
    expect(await rescueLostAttempts(asWorker, 5)).toHaveLength(1);
    const lost = await claimAttempt(asWorker, held.id, 'next');
    const key = { jobId: held.id, attempt: lost!.attempt };
    for (let times = 0; times < 10; times += 1)
      await refuseLane(asWorker, 'youtube', key, 'BOT_CHECK', 60);
    expect(await retryAttemptLater(asWorker, key, 'BOT_CHECK', 0)).not.toBeNull();
    expect(await waitInLane(asWorker, held.id, 60)).toBe('HELD');
    await openLane(asWorker, 'youtube');
    await forgetLosses(asWorker, held.source);
    await owner.query('delete from graphile_worker._private_jobs');
    await owner.query(
      `update tapedeck.jobs set updated_at = now() - interval '1 hour' where id = $1`,
      [held.id],
    );
    expect(await enqueueForgottenJobs(asWorker)).toContain(held.id);
    await owner.query(
      `insert into tapedeck.buckets values ('owner x', 1, now() - interval '1 hour')`,
    );
    await deleteLeftoverRows(asWorker);
    expect(
      (await owner.query(`select from tapedeck.buckets where subject = 'owner x'`)).rows,
    ).toEqual([]);
    await expireDueArtifacts(asWorker, 10);
    await expireOverQuota(asWorker, 0);
    await releaseAttempt(asWorker, key);
    await removeWorker(asWorker, 'doomed');
    // The API, where its own way was not taken above.
    for (const db of [asApi, asWorker]) {
      await readDatabaseFigures(db);
      await readQueueStats(db, 5);
    }
    await expireLostArtifact(asApi, key);
    await forgetIdempotencyKey(asApi, 'alice', 'none');
    expect(await cancelJob(asApi, 'alice', held.id)).toMatchObject({ kind: 'CANCELED' });
  } finally {
    for (const pool of [owner, asApi, asWorker]) await pool.end();
  }
});

const refused: [string, string, string][] = [
  ...['tapedeck_api', 'tapedeck_worker'].flatMap((role): [string, string, string][] => [
    [role, 'makes no table', 'create table tapedeck.mine ()'],
    [role, 'makes none elsewhere', 'create table public.mine ()'],
    [role, 'changes no table', 'alter table tapedeck.jobs add column mine text'],
    [role, 'drops nothing', 'drop table tapedeck.jobs'],
    [role, 'empties nothing', 'truncate tapedeck.jobs cascade'],
    [
      role,
      'replaces no function',
      `create or replace function tapedeck.dequeue(p_job_id uuid) returns void language sql as ''`,
    ],
    [role, 'reads no key', 'select * from tapedeck.api_keys'],
    [role, 'makes no key', `insert into tapedeck.api_keys values ('x', 'x', 'x', '{admin}')`],
    [role, 'revokes no key', 'update tapedeck.api_keys set revoked_at = now()'],
    [
      role,
      'writes no history',
      `insert into tapedeck.job_events (job_id, version, status, attempt) values (gen_random_uuid(), 1, 'FAILED', 1)`,
    ],
    [role, 'forges no migration', 'delete from tapedeck.migrations'],
    [role, 'reads no password', 'select * from pg_authid'],
    [role, 'reads no file', `copy tapedeck.lanes from '/etc/passwd'`],
    [role, 'runs no program', `copy tapedeck.lanes from program 'id'`],
    [role, 'makes no role', 'create role mine superuser'],
    [role, 'is nobody else', 'set role tapedeck'],
    [role, 'installs nothing', 'create extension plperlu'],
  ]),
  ['tapedeck_api', 'never touches graphile-worker', 'select * from graphile_worker.jobs'],
  ['tapedeck_api', 'adds no task of its own', `select graphile_worker.add_job('convert')`],
  [
    'tapedeck_worker',
    'makes no job',
    `insert into tapedeck.jobs (site, external_id, source_url, quality, embed_thumbnail, max_attempts) values ('a', 'b', 'c', 'KBPS_192', true, 1)`,
  ],
  ['tapedeck_worker', 'deletes no job', 'delete from tapedeck.jobs'],
  ['tapedeck_worker', 'learns no owner', 'select * from tapedeck.job_owners'],
  ['tapedeck_worker', 'changes no owner', `update tapedeck.job_owners set owner_id = 'me'`],
  ['tapedeck_worker', 'learns no idempotency key', 'select key from tapedeck.idempotency_keys'],
  ['tapedeck_worker', 'finds no key', `select tapedeck.use_api_key('x')`],
  [
    'nobody',
    'calls nothing that has the owner’s rights',
    `select tapedeck.dequeue(gen_random_uuid())`,
  ],
];

describe('what is not needed is refused by the server', () => {
  beforeAll(() => tell('tapedeck', 'create role nobody login'));

  test.each(refused)('%s %s', async (role, _, statement) => {
    expect(await tell(role, statement)).toBe('refused');
  });

  test('and the same statements are understood: their owner may', async () => {
    // Else a slip of the pen would pass for a refusal.
    expect(await tell('tapedeck', 'select * from tapedeck.api_keys')).toBe('done');
    expect(await tell('tapedeck', 'create table tapedeck.mine ()')).toBe('done');
    expect(await tell('tapedeck', 'drop table tapedeck.mine')).toBe('done');
  });
});

test('a role that owns nothing does not start on a schema that is not current', async () => {
  await using empty = await startOwnPostgres();
  const owner = new Client({ connectionString: empty.url });
  await owner.connect();
  await owner.query('create role tapedeck_api login');
  await owner.end();
  const { exitCode, complaints } = await runToExit({
    dataFolder,
    settings: { DATABASE_URL: empty.url.replace('//tapedeck@', '//tapedeck_api@'), ROLES: 'api' },
  });
  expect(exitCode).toBe(1);
  expect(complaints).toMatch(/cannot be brought up to date .*node src\/main\.ts migrate/);
});
