// Links to MP3s where owners are apart: signed, for a day, and worth nothing to who guesses.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createFileLinks } from '../../../src/services/fileLinks.ts';
import { openKeyring, rotateSecrets, secretsFile } from '../../../src/secrets.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { newVideoId, succeedJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { newVisitor } from '../../support/visitor.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    settings: { ROLES: 'api', ACCESS: 'sessions', TRUSTED_PROXIES: '127.0.0.1' },
  });
});
afterAll(() => app[Symbol.asyncDispose]());

const content = randomBytes(1_000);

/** A visitor with an MP3, its link, and the token in it. */
async function ownMp3() {
  const videoId = newVideoId();
  await succeedJob(app, { videoId, content });
  const owner = newVisitor(app.url);
  const { data } = await owner.send(
    'mutation ($url: String!) { requestMp3(url: $url) { job { id result { url } } } }',
    { url: `youtu.be/${videoId}` },
  );
  const { id, result } = data.requestMp3.job;
  const url: string = result.url;
  return { owner, id, url, token: url.split('/')[2] ?? '' };
}

/** Links as this server would have made them `hours` from now. */
function linksIn(hours: number) {
  const keyring = openKeyring(secretsFile(app.dataFolder));
  return createFileLinks({ mode: 'sessions', keyring, now: () => Date.now() + hours * 3_600_000 });
}

const get = (path: string, headers = {}) => sendRaw(app.url, path, { headers });

describe('a link', () => {
  test('serves whoever has it, without cookie or key, whole and in part', async () => {
    const { url } = await ownMp3();
    expect(url).toMatch(
      /^\/files\/[\w-]{22}\/[^?/]+\.mp3\?expires=\d{10}&signature=[\w-]{6}\.[\w-]{43}$/,
    );
    const { status, body, headers } = await get(url);
    expect({ status, isWhole: body.equals(content) }).toEqual({ status: 200, isWhole: true });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-disposition': expect.stringMatching(/^attachment; /),
    });
    expect((await get(url, { range: 'bytes=0-9' })).status).toBe(206);
  });

  test('stays the same while a page shows it', async () => {
    const { owner, id, url } = await ownMp3();
    const read = 'query ($id: ID!) { job(id: $id) { result { url } } }';
    expect((await owner.send(read, { id })).data.job.result.url).toBe(url);
  });

  test('lives for half a day at least, and a day at most', async () => {
    const { url } = await ownMp3();
    const expires = Number(new URL(url, app.url).searchParams.get('expires'));
    const hours = (expires * 1_000 - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(12);
    expect(hours).toBeLessThanOrEqual(24);
  });

  test('that has expired is gone', async () => {
    const { token } = await ownMp3();
    const { status, body } = await get(linksIn(-24).pathOf(token, 'a.mp3'));
    expect({ status, body: body.toString() }).toEqual({
      ...{ status: 410, body: 'This link has expired; take a new one from the job.\n' },
    });
  });

  test('whose MP3 was deleted leads nowhere', async () => {
    const { owner, id, url } = await ownMp3();
    await app.database.pool.query(`delete from tapedeck.job_owners where owner_id = 'everybody'`);
    await owner.send('mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }', { id });
    expect((await get(url)).status).toBe(404);
  });

  test('outlives one rotation of the secrets, and not two', async () => {
    const { url } = await ownMp3();
    rotateSecrets(secretsFile(app.dataFolder));
    // A signature of a secret that the process does not know yet makes it look.
    const { url: newer } = await ownMp3();
    expect((await get(url)).status).toBe(200);
    expect((await get(newer)).status).toBe(200);
    rotateSecrets(secretsFile(app.dataFolder));
    const fresh = linksIn(0).pathOf('A'.repeat(22), 'a.mp3');
    await get(fresh);
    const sees = createFileLinks({
      mode: 'sessions',
      keyring: openKeyring(secretsFile(app.dataFolder)),
    });
    const { searchParams } = new URL(url, app.url);
    expect(sees.judge(url.split('/')[2] ?? '', Object.fromEntries(searchParams))).toBe('invalid');
  });
});

describe('a link that was made up', () => {
  const forms: [string, (url: string, token: string) => string][] = [
    ['without a signature', (url) => url.split('?', 1)[0] ?? ''],
    ['with an empty one', (url) => url.replace(/signature=.*/, 'signature=')],
    [
      'with another’s signature',
      (url, token) =>
        linksIn(0)
          .pathOf(token.replace(/.$/, 'x'), 'a')
          .replace(/\/files\/[^/]+/, `/files/${token}`) + url.slice(0, 0),
    ],
    ['for a longer time', (url) => url.replace(/expires=\d/, 'expires=9')],
    ['with its signature twice', (url) => `${url}&signature=x`],
    ['with its time twice', (url) => `${url}&expires=9999999999`],
    ['with a time that is no number', (url) => url.replace(/expires=\d+/, 'expires=Infinity')],
    ['with an object for a time', (url) => url.replace('expires=', 'expires[a]=')],
  ];

  test.each(forms)('%s is answered like one to no file at all', async (_, forge) => {
    const { url, token } = await ownMp3();
    const nowhere = linksIn(0).pathOf('A'.repeat(22), 'a.mp3');
    const [made, absent] = [await get(forge(url, token)), await get(nowhere)];
    expect({ status: made.status, body: made.body.toString() }).toEqual({
      ...{ status: 404, body: absent.body.toString() },
    });
    expect(Object.keys(made.headers).toSorted()).toEqual(Object.keys(absent.headers).toSorted());
  });

  test('is counted: who guesses on is told to wait, and others are not', async () => {
    const guess = (address: string) =>
      get(`/files/${randomBytes(16).toString('base64url')}/a.mp3`, { 'x-forwarded-for': address });
    const statuses: number[] = [];
    for (let nth = 0; nth < 62; nth += 1) statuses.push((await guess('203.0.113.9')).status);
    expect(statuses.slice(0, 61)).toEqual(Array.from({ length: 61 }, () => 404));
    expect(statuses.at(-1)).toBe(429);
    expect((await guess('203.0.113.9')).headers['retry-after']).toMatch(/^\d+$/);
    expect((await guess('203.0.113.10')).status).toBe(404);
  });
});
