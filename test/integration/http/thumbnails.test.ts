// The small pictures over HTTP: under their token alone, for ever, until their job goes.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { recordThumbnail } from '../../../src/db/attempts.ts';
import { expireLostArtifact } from '../../../src/db/upkeep.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { ask } from '../../support/graphql.ts';
import { failJob, runJob, succeedJob } from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';

const picture = Buffer.from('any bytes');
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

let lastToken = 0;
async function show(job: MadeJob): Promise<void> {
  lastToken += 1;
  await app.app.thumbnails.put(job.jobId, picture);
  const token = String(lastToken).padStart(22, 'a');
  expect(await recordThumbnail(app.app.pool, job, token)).not.toBeNull();
}

async function addressOf({ id }: MadeJob): Promise<string | null> {
  const { job } = await ask(app.url, `query ($id: ID!) { job(id: $id) { thumbnailUrl } }`, { id });
  return job.thumbnailUrl;
}

test('the picture of a running job is served, as a JPEG that may be kept for ever', async () => {
  const job = await runJob(app);
  expect(await addressOf(job)).toBeNull();
  await show(job);
  const address = await addressOf(job);
  expect(address).toMatch(/^\/thumbnails\/[\w-]{22}\.jpg$/);
  const { status, headers, body } = await sendRaw(app.url, address ?? '');
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'image/jpeg',
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  });
  expect(body.equals(picture)).toBe(true);
});

test('its address stays for the next attempt, and when the MP3 expires', async () => {
  const first = await runJob(app);
  await show(first);
  const address = await addressOf(first);
  await failJob(app, 'NETWORK', { job: first });
  await ask(app.url, `mutation ($id: ID!) { retryJob(id: $id) { job { id } } }`, first);
  const second = await runJob(app, { job: first });
  await show(second);
  expect(await addressOf(second)).toBe(address);
  // The first one's task was only slow.
  expect(await recordThumbnail(app.app.pool, first, 'b'.repeat(22))).toBeNull();
  await succeedJob(app, { job: second });
  await expireLostArtifact(app.app.pool, second);
  expect((await sendRaw(app.url, address ?? '')).status).toBe(200);
});

test('it goes with the job', async () => {
  const job = await runJob(app);
  await show(job);
  const address = (await addressOf(job)) ?? '';
  await failJob(app, 'PRIVATE', { job });
  await ask(app.url, `mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }`, job);
  expect((await sendRaw(app.url, address)).status).toBe(404);
  expect(await app.app.thumbnails.read(job.jobId)).toBeNull();
});

test.each(['x', 'a'.repeat(22), `${'a'.repeat(22)}.jpg`, `..%2F..%2Fsecrets.jpg`, '%00.jpg'])(
  '%s is nothing, and is not remembered as such',
  async (name) => {
    const { status, headers, body } = await sendRaw(app.url, `/thumbnails/${name}`);
    expect(status).toBe(404);
    expect(headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(body.toString()).toMatch(/^There is no such picture/);
  },
);
