import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { ask } from '../../support/graphql.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

test('a new link creates a queued job', async () => {
  const { requestMp3 } = await ask(
    app.url,
    `mutation { requestMp3(url: "https://youtu.be/dQw4w9WgXcQ") { outcome job { status } userErrors { code } } }`,
  );
  expect(requestMp3).toEqual({ outcome: 'CREATED', job: { status: 'QUEUED' }, userErrors: [] });
});
