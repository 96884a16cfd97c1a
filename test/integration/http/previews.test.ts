// Listening to an MP3 that is still being made. The worker is played here by the statements and files that it uses,
// so that each moment can be stopped at.

import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  failAttempt,
  finishAttempt,
  recordPreview,
  recordSource,
  releaseAttempt,
} from '../../../src/db/attempts.ts';
import type { WorkFolder } from '../../../src/storage.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { eventually } from '../../support/eventually.ts';
import { ask } from '../../support/graphql.ts';
import { runJob } from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const first = randomBytes(150_000);
const second = randomBytes(90_000);

type Under = AsyncDisposable & {
  readonly job: MadeJob;
  readonly token: string;
  readonly folder: WorkFolder;
  readonly url: string;
};

/** A job whose MP3 has begun to grow. */
async function begin(): Promise<Under> {
  const job = await runJob(app);
  const { pool, storage } = app.app;
  const unknown = { durationSeconds: null, thumbnailUrl: null };
  await recordSource(pool, job, { ...unknown, title: 'Blue Monday', uploader: 'New Order' });
  const folder = await storage.openWorkFolder(job);
  await writeFile(folder.mp3Path, first);
  const token = randomBytes(16).toString('base64url');
  await recordPreview(pool, job, token);
  const preview = await previewOf(job);
  return {
    ...{ job, token, folder, url: preview?.url ?? 'none' },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function previewOf(job: MadeJob): Promise<{ url: string; fileName: string } | null> {
  const query = `query ($id: ID!) { job(id: $id) { preview { url fileName } } }`;
  return (await ask(app.url, query, { id: job.id })).job.preview;
}

async function finish({ job, token, folder }: Under): Promise<void> {
  const { pool, storage } = app.app;
  const stored = await storage.publish(folder.mp3Path, job);
  const artifact = { ...stored, token, durationSeconds: 10, bitrateKbps: 192 };
  expect(await finishAttempt(pool, job, artifact, 24)).not.toBeNull();
}

/** Reads what comes; `has` tells how much that is by now, `ended` how it ended. */
async function listen(url: string) {
  const response = await fetch(app.url + url);
  const chunks: Uint8Array[] = [];
  const read = async () => {
    if (response.body === null) return;
    for await (const chunk of response.body) chunks.push(chunk);
  };
  const ended = read().then(
    () => 'in good order',
    () => 'broken off',
  );
  const all = () => Buffer.concat(chunks);
  const hears = (bytes: number) =>
    eventually(`${bytes} bytes to be heard`, async () => all().length >= bytes);
  return { response, ended, all, hears };
}

test('a job has one while it runs and there is sound, under the name that the file will have', async () => {
  const silent = await runJob(app);
  expect(await previewOf(silent)).toBeNull();
  await using under = await begin();
  expect(await previewOf(under.job)).toEqual({
    url: `/previews/${under.token}/${encodeURIComponent('New Order - Blue Monday.mp3')}`,
    fileName: 'New Order - Blue Monday.mp3',
  });
  await finish(under);
  expect(await previewOf(under.job)).toBeNull();
});

test('it begins with what is there, goes on with what comes, and ends when the MP3 is whole', async () => {
  await using under = await begin();
  const { response, ended, all, hears } = await listen(under.url);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'audio/mpeg',
    'content-disposition': 'inline; filename="New Order - Blue Monday.mp3"',
    'accept-ranges': 'none',
    'cache-control': 'no-store',
  });
  expect(response.headers.has('content-length')).toBe(false);
  await hears(first.length);
  await appendFile(under.folder.mp3Path, second);
  await hears(first.length + second.length);
  await finish(under);
  expect(await ended).toBe('in good order');
  expect(all().equals(Buffer.concat([first, second]))).toBe(true);
});

test('what is written last, just before the end, is heard too', async () => {
  await using under = await begin();
  const { ended, all, hears } = await listen(under.url);
  await hears(first.length);
  await appendFile(under.folder.mp3Path, second);
  await finish(under);
  expect(await ended).toBe('in good order');
  expect(all().equals(Buffer.concat([first, second]))).toBe(true);
});

describe('it breaks off, and never ends as if that were all, when', () => {
  test.each<[string, (under: Under) => Promise<unknown>]>([
    ['the attempt fails', ({ job }) => failAttempt(app.app.pool, job, 'NETWORK')],
    ['the attempt is handed back', ({ job }) => releaseAttempt(app.app.pool, job)],
    [
      'the job is canceled',
      ({ job }) =>
        ask(app.url, `mutation ($id: ID!) { cancelJob(id: $id) { job { status } } }`, {
          id: job.id,
        }),
    ],
    ['the work folder is removed', async ({ folder }) => folder[Symbol.asyncDispose]()],
    [
      'the sound is encoded once more, into another file',
      async ({ folder }) => {
        await rm(folder.mp3Path);
        await writeFile(folder.mp3Path, randomBytes(300_000));
      },
    ],
  ])('%s', async (_what, breakOff) => {
    await using under = await begin();
    const { ended, all, hears } = await listen(under.url);
    await hears(first.length);
    await breakOff(under);
    expect(await ended).toBe('broken off');
    expect(all().equals(first)).toBe(true);
  });
});

test('when the job has succeeded it leads to the finished file', async () => {
  await using under = await begin();
  await finish(under);
  const { status, headers } = await sendRaw(app.url, under.url, { headers: {} });
  expect([status, headers['location']]).toEqual([302, under.url.replace('/previews/', '/files/')]);
  const { response, ended, all } = await listen(under.url);
  expect(response.status).toBe(200);
  expect(await ended).toBe('in good order');
  expect(all().equals(first)).toBe(true);
});

test('nothing else can be heard', async () => {
  await using under = await begin();
  for (const path of [
    `/previews/${randomBytes(16).toString('base64url')}/x.mp3`,
    '/previews/x/x.mp3',
    `/previews/${'%2e'.repeat(22)}/x.mp3`,
    `/files/${under.token}/x.mp3`,
  ]) {
    const { status, body } = await sendRaw(app.url, path, { headers: {} });
    expect([path, status]).toEqual([path, 404]);
    expectNothingDisclosed(body.toString(), app);
  }
  await failAttempt(app.app.pool, under.job, 'PRIVATE');
  expect((await sendRaw(app.url, under.url, { headers: {} })).status).toBe(404);
});

test('HEAD tells what would come and waits for nothing', async () => {
  await using under = await begin();
  const { status, headers, body } = await sendRaw(app.url, under.url, { method: 'HEAD' });
  expect([status, headers['content-type'], body.length]).toEqual([200, 'audio/mpeg', 0]);
});

test('a listener who leaves lets go of the file', async () => {
  await using under = await begin();
  const leave = new AbortController();
  const response = await fetch(app.url + under.url, { signal: leave.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  leave.abort();
  await eventually('the file to be closed', async () => {
    const open = openFiles();
    if (open.length > 0) throw new Error(open.join(', '));
    return true;
  });
});

/** Linux only. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(app.dataFolder) ? [path] : [];
    } catch {
      return [];
    }
  });
}
