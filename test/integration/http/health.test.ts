// What supervisors, load balancers and Prometheus ask, and what nobody serves.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { eventually } from '../../support/eventually.ts';
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
