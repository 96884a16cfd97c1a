// What Prometheus reads, and whether dashboard and alerts ask for what there is.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { startMetrics } from '../../../src/api.ts';
import { createAttempts } from '../../../src/services/attempts.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { eventually } from '../../support/eventually.ts';
import { newArtifact } from '../../support/jobs.ts';
import { postponeJob, queueJob, runJob, succeedJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const root = fileURLToPath(new URL('../../../', import.meta.url));

async function readMetrics(url: string): Promise<string> {
  const { status, headers, body } = await sendRaw(url, '/metrics');
  expect({ status, type: headers['content-type'] }).toEqual({
    status: 200,
    type: expect.stringMatching(/^text\/plain; version=0\.0\.4/),
  });
  return body.toString();
}

/** The text format of Prometheus, line by line; fails on a line that is none. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.trimEnd().split('\n')) {
    // prom-client's way to write NaN: not measured yet. Prometheus reads any case.
    if (/^nodejs_\S+ Nan$/.test(line)) continue;
    if (line === '' || /^# (?:HELP|TYPE) [a-z_:][\w:]* ./i.test(line)) continue;
    const sample = /^([a-z_:][\w:]*(?:\{(?:[a-z_]\w*="[^"\n]*",?)*\})?) (\S+)$/i.exec(line);
    expect({ line, isSample: sample !== null && !Number.isNaN(Number(sample[2])) }).toEqual({
      ...{ line, isSample: true },
    });
    expect(samples.has(sample![1]!)).toBe(false);
    samples.set(sample![1]!, Number(sample![2]));
  }
  return samples;
}

test('/metrics parses, counts what there is, and tells nothing of any job or of us', async () => {
  await using api = await startApp({ settings: { ROLES: 'api' } });
  const jobs = [await queueJob(api), await queueJob(api), await runJob(api)];
  await postponeJob(api, 'NETWORK', 600);
  const stored = await succeedJob(api, { content: Buffer.alloc(1_234) });
  const text = await readMetrics(api.url);
  const samples = parse(text);
  expect(Object.fromEntries(samples)).toMatchObject({
    'tapedeck_jobs{state="queued"}': 2,
    'tapedeck_jobs{state="running"}': 1,
    'tapedeck_jobs{state="waiting_for_retry"}': 1,
    tapedeck_workers: 0,
    tapedeck_worker_slots: 0,
    tapedeck_streams: 0,
    tapedeck_sockets: 0,
    tapedeck_store_files: 1,
    tapedeck_store_bytes: 1_234,
    'tapedeck_ready{part="database"}': 1,
  });
  // The last change may be on its way.
  expect(samples.get('tapedeck_notification_queue_ratio')).toBeLessThan(0.01);
  expect(samples.get('tapedeck_oldest_queued_seconds')).toBeGreaterThan(0);
  expect(samples.get('tapedeck_disk_bytes{kind="free"}')).toBeGreaterThan(0);
  expect(samples.get('process_cpu_seconds_total')).toBeGreaterThan(0);
  for (const { id, jobId, videoId } of [...jobs, stored]) {
    for (const secret of [id, jobId, videoId]) expect(text).not.toContain(secret);
  }
  expectNothingDisclosed(text, api);
});

test('the LISTEN connection, its round trips and its losses are measured', async () => {
  await using api = await startApp({ settings: { ROLES: 'api' } });
  const read = async (name: string) => parse(await readMetrics(api.url)).get(name) ?? NaN;
  await eventually('the connection', async () => (await read('tapedeck_listen_connected')) === 1);
  expect(await read('tapedeck_listen_reconnects_total')).toBe(0);
  await api.database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name like '%listen'`,
  );
  await eventually(
    'the loss to be counted',
    async () => (await read('tapedeck_listen_reconnects_total')) === 1,
  );
});

test('attempts are counted by outcome, failures by code, and phases are timed', async () => {
  // No worker of its own takes the job away.
  await using api = await startApp({ settings: { ROLES: 'api' } });
  const { pool, metrics } = api.app;
  const counted: string[] = [];
  await using attempts = createAttempts({
    pool,
    retentionHours: 24,
    onError: () => {},
    observer: {
      phaseEnded: ({ attempt }, phase) => counted.push(`${phase} of ${attempt}`),
      ended: (outcome, code) => counted.push(`${outcome} ${code}`),
      lost: () => counted.push('lost'),
      held: () => counted.push('held'),
      lanePaused: (site, code) => counted.push(`${site} paused for ${code}`),
      laneOpened: (site, released) => counted.push(`${site} opened for ${released}`),
    },
  });
  const { jobId } = await queueJob(api);
  {
    using first = (await attempts.claim(jobId, 'a worker'))!;
    await first.enter('DOWNLOADING');
    await first.fail('NETWORK');
  }
  {
    using second = (await attempts.claim(jobId, 'a worker'))!;
    await second.release();
  }
  {
    using third = (await attempts.claim(jobId, 'a worker'))!;
    await third.finish(newArtifact());
  }
  expect(counted).toEqual([
    ...['RESOLVING of 1', 'retried NETWORK', 'released null'],
    ...['RESOLVING of 3', 'succeeded null'],
  ]);

  metrics.attemptFailed('NETWORK', false);
  metrics.phaseEnded('DOWNLOADING', 3);
  const samples = parse(await metrics.registry.metrics());
  expect(samples.get('tapedeck_attempt_failures_total{code="NETWORK",final="false"}')).toBe(1);
  expect(samples.get('tapedeck_phase_seconds_bucket{le="5",phase="DOWNLOADING"}')).toBe(1);
  expect(samples.get('tapedeck_phase_seconds_bucket{le="2.5",phase="DOWNLOADING"}')).toBe(0);
});

test('a worker alone serves its own figures, and no other address', async () => {
  await using worker = await startApp({ settings: { ROLES: 'worker' } });
  await using monitor = await startMetrics(worker.app, 0);
  const samples = parse(await readMetrics(monitor.url));
  expect(samples.get('tapedeck_attempts_running')).toBe(0);
  expect(samples.get('tapedeck_rescued_attempts_total')).toBe(0);
  expect([...samples.keys()].filter((name) => name.startsWith('tapedeck_jobs'))).toEqual([]);
  expect((await sendRaw(monitor.url, '/livez')).status).toBe(200);
  expect((await sendRaw(monitor.url, '/graphql')).status).toBe(404);
});

type Rule = { readonly alert: string; readonly expr: string; readonly annotations: object };

function readRules(): Rule[] {
  const text = readFileSync(`${root}deploy/prometheus/alerts.yaml`, 'utf8');
  const { groups } = parseYaml(text) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

function readDashboardQueries(): string[] {
  const text = readFileSync(`${root}deploy/grafana/tapedeck.json`, 'utf8');
  const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

test('the dashboard and the alerts ask only for metrics that there are', async () => {
  const text = await readMetrics(app.url);
  const known = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
  const queries = [...readDashboardQueries(), ...readRules().map(({ expr }) => expr)];
  const asked = queries.flatMap((query) => query.match(/\b(?:tapedeck|process|nodejs)_\w+/g) ?? []);
  expect(asked.length).toBeGreaterThan(30);
  const parts = /_(?:bucket|sum|count)$/;
  const isKnown = (name: string) => known.has(name) || known.has(name.replace(parts, ''));
  expect(asked.filter((name) => !isKnown(name))).toEqual([]);
});

test('every metric of ours is on the dashboard or in an alert', async () => {
  const text = await readMetrics(app.url);
  const ours = [...text.matchAll(/^# TYPE (tapedeck_\S+) /gm)].map(([, name]) => name!);
  const queries = [...readDashboardQueries(), ...readRules().map(({ expr }) => expr)].join('\n');
  expect(ours.length).toBeGreaterThan(15);
  expect(ours.filter((name) => !queries.includes(name))).toEqual([]);
});

test('every alert has its page in the runbook, and every page its alert', () => {
  const rules = readRules();
  for (const { alert, annotations } of rules) {
    expect(annotations).toMatchObject({ runbook_url: `docs/runbook/${alert}.md` });
  }
  const pages = readdirSync(`${root}docs/runbook`).map((file) => file.replace(/\.md$/, ''));
  expect(pages.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
});
