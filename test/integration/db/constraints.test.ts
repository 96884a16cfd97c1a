// What no job may ever be, whoever writes it: each CHECK of sql/ is broken by hand.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Database } from '../../../src/db/pool.ts';
import type { JobStatus } from '../../../src/domain/job.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createJob, newRequest } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const wholeArtifact = `artifact_token = gen_random_uuid()::text, artifact_size_bytes = 1,
  artifact_sha256 = '', artifact_duration_seconds = 1, artifact_bitrate_kbps = 1`;
const noArtifact = `artifact_token = null, artifact_size_bytes = null, artifact_sha256 = null,
  artifact_duration_seconds = null, artifact_bitrate_kbps = null`;

/** The constraint, a status to begin with, and a change that it has to refuse. */
const impossible: [constraint: string, from: JobStatus, change: string][] = [
  ['jobs_status_known', 'QUEUED', `status = 'PAUSED'`],
  ['jobs_phase_known', 'RUNNING', `phase = 'WORKING'`],
  ['jobs_quality_known', 'QUEUED', `quality = 'KBPS_64'`],
  ['jobs_running_has_worker_and_phase', 'RUNNING', `worker_id = null`],
  ['jobs_running_has_worker_and_phase', 'RUNNING', `phase = null`],
  ['jobs_running_has_worker_and_phase', 'QUEUED', `worker_id = 'worker'`],
  ['jobs_running_has_worker_and_phase', 'QUEUED', `phase = 'RESOLVING'`],
  ['jobs_running_has_worker_and_phase', 'QUEUED', `status = 'RUNNING'`],
  ['jobs_running_has_worker_and_phase', 'RUNNING', `status = 'QUEUED'`],
  ['jobs_terminal_has_finish', 'QUEUED', `finished_at = now()`],
  ['jobs_terminal_has_finish', 'QUEUED', `status = 'CANCELED'`],
  ['jobs_terminal_has_finish', 'CANCELED', `finished_at = null`],
  ['jobs_terminal_has_finish', 'CANCELED', `status = 'QUEUED'`],
  ['jobs_succeeded_has_artifact', 'SUCCEEDED', noArtifact],
  ['jobs_succeeded_has_artifact', 'EXPIRED', noArtifact],
  ['jobs_succeeded_has_artifact', 'CANCELED', `status = 'SUCCEEDED'`],
  ['jobs_succeeded_has_artifact', 'CANCELED', wholeArtifact],
  ['jobs_succeeded_has_artifact', 'SUCCEEDED', `status = 'CANCELED'`],
  ['jobs_artifact_whole_or_absent', 'CANCELED', `artifact_token = 'half'`],
  ['jobs_artifact_whole_or_absent', 'SUCCEEDED', `artifact_sha256 = null`],
  ['jobs_failure_has_instant', 'FAILED', `failed_at = null`],
  ['jobs_failure_has_instant', 'QUEUED', `failed_at = now()`],
  ['jobs_failed_has_failure', 'FAILED', `failure_code = null, failed_at = null`],
  ['jobs_failed_has_failure', 'CANCELED', `status = 'FAILED'`],
  ['jobs_succeeded_has_no_failure', 'SUCCEEDED', `failure_code = 'NETWORK', failed_at = now()`],
  ['jobs_attempt_in_range', 'RUNNING', `attempt = max_attempts + 1`],
  ['jobs_held_is_queued', 'RUNNING', `held_at = now()`],
  ['jobs_attempt_in_range', 'RUNNING', `attempt = -1`],
  ['jobs_fraction_in_range', 'RUNNING', `fraction = 1.01`],
  ['jobs_fraction_in_range', 'RUNNING', `fraction = -0.01`],
  ['jobs_fraction_in_range', 'RUNNING', `fraction = 'NaN'`],
];

test.each(impossible)('%s: a job that is %s never gets %s', async (constraint, from, change) => {
  const { id } = await createJob(pool, from);
  await expect(
    pool.query(`update tapedeck.jobs set ${change} where id = $1`, [id]),
  ).rejects.toMatchObject({ code: '23514', constraint });
});

test('every CHECK on jobs is tried', async () => {
  const { rows } = await pool.query<{ conname: string }>(
    `select conname from pg_constraint
     where conrelid = 'tapedeck.jobs'::regclass and contype = 'c' order by conname`,
  );
  expect([...new Set(impossible.map(([constraint]) => constraint))].toSorted()).toEqual(
    rows.map(({ conname }) => conname),
  );
});

test('two active jobs never have one identity, whoever inserts them', async () => {
  const request = newRequest();
  const { id } = await createJob(pool, 'RUNNING', request);
  const copy = () =>
    pool.query(
      `insert into tapedeck.jobs (site, external_id, source_url, quality, embed_thumbnail, max_attempts)
       select site, external_id, source_url, quality, embed_thumbnail, 5 from tapedeck.jobs
       where id = $1`,
      [id],
    );
  await expect(copy()).rejects.toMatchObject({ constraint: 'jobs_one_active_per_identity' });
  await expect(
    pool.query(`update tapedeck.jobs set external_id = $2 where id = $1`, [
      (await createJob(pool, 'QUEUED')).id,
      request.source.externalId,
    ]),
  ).rejects.toMatchObject({ constraint: 'jobs_one_active_per_identity' });
});

test('two MP3s never have one address', async () => {
  const [first, second] = [await createJob(pool, 'SUCCEEDED'), await createJob(pool, 'SUCCEEDED')];
  await expect(
    pool.query(`update tapedeck.jobs set artifact_token = $2 where id = $1`, [
      second.id,
      first.artifact?.token,
    ]),
  ).rejects.toMatchObject({ constraint: 'jobs_artifact_token' });
});

test('a worker has a slot at least', async () => {
  await expect(
    pool.query(`insert into tapedeck.workers (id, host, slots) values ('idle', 'here', 0)`),
  ).rejects.toMatchObject({ constraint: 'workers_slots_positive' });
});

test('ids are UUIDs of version 7', async () => {
  const { rows } = await pool.query<{ id: string; milliseconds: string; now: string }>(
    `select tapedeck.new_id() as id,
       floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now
     from generate_series(1, 1000)`,
  );
  const ids = rows.map(({ id }) => id);
  expect(new Set(ids).size).toBe(1_000);
  for (const { id, now } of rows) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const made = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    expect(Math.abs(made - Number(now))).toBeLessThan(1_000);
  }
});

test('ids stand in the order of their making, also those of one millisecond', async () => {
  const ids: string[] = [];
  for (let made = 0; made < 200; made += 1) {
    const { rows } = await pool.query<{ id: string }>(`select tapedeck.new_id() as id`);
    ids.push(rows[0]!.id);
  }
  expect(ids.toSorted()).toEqual(ids);
});
