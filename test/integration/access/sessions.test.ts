// ACCESS=sessions: each visitor is an owner of their own, known by a signed cookie.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { newVideoId } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';
import { newVisitor } from '../../support/visitor.ts';
import type { Visitor } from '../../support/visitor.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api', ACCESS: 'sessions' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const cookiePattern =
  /^tapedeck=[\w-]{22}\.\d+\.[\w-]{6}\.[\w-]{43}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/;

async function requestJob(visitor: Visitor, videoId = newVideoId()): Promise<string> {
  const { data } = await visitor.send(
    'mutation ($url: String!) { requestMp3(url: $url) { job { id } userErrors { code } } }',
    { url: `youtu.be/${videoId}` },
  );
  return data.requestMp3.job.id;
}

async function historyOf(visitor: Visitor): Promise<string[]> {
  const { data } = await visitor.send('{ jobs { nodes { id } } }');
  return data.jobs.nodes.map(({ id }: { id: string }) => id);
}

describe('the cookie', () => {
  test.each(['/', '/queue', '/graphiql'])('comes with the page at %s', async (path) => {
    const { headers } = await sendRaw(app.url, path);
    expect(headers['set-cookie']).toEqual([expect.stringMatching(cookiePattern)]);
  });

  test('comes with a first POST, and not again', async () => {
    const visitor = newVisitor(app.url);
    const first = await visitor.post('{ __typename }');
    expect(first.headers['set-cookie']).toEqual([expect.stringMatching(cookiePattern)]);
    const second = await visitor.post('{ __typename }');
    expect(second.headers).not.toHaveProperty('set-cookie');
  });

  test('that was forged, cut or taken from elsewhere makes a new visitor', async () => {
    const visitor = newVisitor(app.url);
    const id = await requestJob(visitor);
    const { cookie = '' } = visitor.headers();
    for (const forged of [
      cookie.slice(0, -2),
      cookie.replace(/=../, '=AA'),
      cookie.replace(/\.\d+\./, '.99999.'),
      'tapedeck=everybody',
      'tapedeck=',
      `tapedeck=${'A'.repeat(4_000)}`,
      '__Host-tapedeck=x',
    ]) {
      const thief = newVisitor(app.url, { headers: { cookie: forged } });
      const { headers, body } = await thief.post('query ($id: ID!) { job(id: $id) { id } }', {
        id,
      });
      expect(JSON.parse(body.toString())).toEqual({ data: { job: null } });
      expect(headers['set-cookie']).toEqual([expect.stringMatching(cookiePattern)]);
    }
  });
});

test('a visitor finds their own jobs, and nobody else’s', async () => {
  const [alice, bob] = [newVisitor(app.url), newVisitor(app.url)];
  const [hers, his] = [await requestJob(alice), await requestJob(bob)];
  expect(await historyOf(alice)).toEqual([hers]);
  expect(await historyOf(bob)).toEqual([his]);
});
