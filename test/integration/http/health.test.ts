// What supervisors, load balancers and Prometheus ask, and what nobody serves.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { eventually } from '../../support/eventually.ts';
import { postponeJob, queueJob, runJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

async function read(path: string) {
  const { status, headers, body } = await sendRaw(app.url, path);
  return { status, headers, text: body.toString() };
}

test('/livez and /readyz answer in JSON and are never cached', async () => {
  await eventually('the API to be ready', async () => (await read('/readyz')).status === 200);
  for (const [path, body] of [
    ['/livez', { status: 'ok' }],
    ['/readyz', { status: 'ok', database: 'ok', liveStatus: 'ok' }],
  ] as const) {
    const { status, headers, text } = await read(path);
    expect({ status, body: JSON.parse(text) }).toEqual({ status: 200, body });
    expect(headers['cache-control']).toBe('no-store');
  }
});

describe('/metrics', () => {
  /** The text format of Prometheus, line by line; fails on a line that is none. */
  function parse(text: string): Map<string, number> {
    const samples = new Map<string, number>();
    for (const line of text.trimEnd().split('\n')) {
      if (line === '' || /^# (?:HELP|TYPE) [a-z_:][\w:]* ./i.test(line)) continue;
      const sample = /^([a-z_:][\w:]*(?:\{(?:[a-z_]\w*="[^"\n]*",?)*\})?) (\S+)$/i.exec(line);
      expect({ line, isSample: sample !== null && !Number.isNaN(Number(sample[2])) }).toEqual({
        ...{ line, isSample: true },
      });
      samples.set(sample![1]!, Number(sample![2]));
    }
    return samples;
  }

  test('parses, counts what there is, and tells nothing of any job or of us', async () => {
    const jobs = [await queueJob(app), await queueJob(app), await runJob(app)];
    await postponeJob(app, 'NETWORK', 600);
    const { status, headers, text } = await read('/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const samples = parse(text);
    expect(samples.get('tapedeck_jobs{state="queued"}')).toBe(2);
    expect(samples.get('tapedeck_jobs{state="running"}')).toBe(1);
    expect(samples.get('tapedeck_jobs{state="waiting_for_retry"}')).toBe(1);
    expect(samples.get('tapedeck_worker_slots')).toBe(0);
    expect(samples.get('tapedeck_streams')).toBe(0);
    expect(samples.get('process_cpu_seconds_total')).toBeGreaterThan(0);
    for (const { id, jobId, videoId } of jobs) {
      for (const secret of [id, jobId, videoId]) expect(text).not.toContain(secret);
    }
    expectNothingDisclosed(text, app);
  });
});

describe('addresses', () => {
  test('/ leads somewhere', async () => {
    const { status, headers } = await read('/');
    expect([200, 302, 503]).toContain(status);
    if (status === 302) expect(headers.location).toBe('/graphiql');
  });

  test.each([
    '/nowhere',
    '/graphql/x',
    '/livez/x',
    '/.env',
    '/.git/config',
    '/graphiql/nope',
    '/favicon.php',
  ])('%s is 404 and says nothing about us', async (path) => {
    const { status, text } = await read(path);
    expect(status).toBe(404);
    expectNothingDisclosed(text, app);
  });

  test.each([
    '/%',
    '/%ff',
    '/graphiql/assets/..%2f..%2f..%2fpackage.json',
    '/graphiql/assets/../../package.json',
  ])('%s is refused and says nothing about us', async (path) => {
    const { status, text } = await read(path);
    expect([400, 403, 404]).toContain(status);
    expectNothingDisclosed(text, app);
  });
});
