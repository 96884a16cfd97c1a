// What a caller may not do too often or too much of, over HTTP, and across API processes.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { removeAllJobs } from '../../support/jobs.ts';
import { newVideoId, queueJob, runJob, succeedJob } from '../../support/jobStates.ts';
import { fromGlobalId } from '../../../src/resolvers/globalId.ts';
import { newVisitor } from '../../support/visitor.ts';
import type { Visitor } from '../../support/visitor.ts';

const settings = {
  ROLES: 'api',
  ACCESS: 'sessions',
  TRUSTED_PROXIES: '127.0.0.1',
  REQUESTS_PER_MINUTE: '6',
  REQUESTS_PER_MINUTE_PER_ADDRESS: '12',
  MAX_ACTIVE_JOBS: '3',
  MAX_ACTIVE_JOBS_PER_ADDRESS: '5',
  MAX_STORED_MB: '1',
  MAX_STORED_MB_PER_ADDRESS: '3',
  MAX_QUEUED_JOBS: '8',
};

let app: TestApp;
let beside: TestApp;
beforeAll(async () => {
  app = await startApp({ settings });
  beside = await startApp({ settings, beside: app });
});
afterAll(async () => {
  await beside[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await removeAllJobs(app.database.pool);
  await app.database.pool.query('delete from tapedeck.buckets; delete from tapedeck.queue_gauge');
});

let addresses = 0;
/** A visitor from an address of their own. */
function newcomer(url = app.url, address = `198.51.100.${(addresses += 1) % 250}`): Visitor {
  return newVisitor(url, { headers: { 'x-forwarded-for': address } });
}

const asking = `mutation ($url: String!, $reuse: ReusePolicy! = IF_AVAILABLE) {
  requestMp3(url: $url, reuse: $reuse) { outcome job { id } userErrors { code message path retryAt } } }`;

async function ask(visitor: Visitor, videoId = newVideoId(), variables = {}) {
  const { headers, body } = await visitor.post(asking, {
    url: `youtu.be/${videoId}`,
    ...variables,
  });
  const { requestMp3 } = JSON.parse(body.toString()).data;
  const [error = null] = requestMp3.userErrors;
  return { ...requestMp3, headers, error, answer: requestMp3.outcome ?? error.code };
}

async function act(visitor: Visitor, action: string, id: string) {
  return (await actAndHear(visitor, action, id)).code;
}

async function actAndHear(visitor: Visitor, action: string, id: string) {
  const { headers, body } = await visitor.post(
    `mutation ($id: ID!) { it: ${action}(id: $id) { userErrors { code message retryAt } } }`,
    { id },
  );
  const { data } = JSON.parse(body.toString());
  return { code: data.it.userErrors[0]?.code ?? 'DONE', allowance: headers['ratelimit'] };
}

async function outcomes(count: number, next: (nth: number) => Promise<{ answer: string }>) {
  const answers: string[] = [];
  for (let nth = 0; nth < count; nth += 1) answers.push((await next(nth)).answer);
  return answers;
}

/** The clock stands still for allowances: everybody has `left` conversions. */
async function stopClock(left: number): Promise<void> {
  await app.database.pool.query(
    `update tapedeck.buckets set points = $1, filled_at = now() + interval '1 day'`,
    [left * 10],
  );
}

/** It goes on, and so many seconds have passed. */
async function letTimePass(seconds: number): Promise<void> {
  await app.database.pool.query(
    `update tapedeck.buckets set filled_at = now() - make_interval(secs => $1)`,
    [seconds],
  );
}

/** Makes the visitor's jobs end, so that no other limit than the one in question is met. */
async function endAll(): Promise<void> {
  await app.database.pool.query(
    `update tapedeck.jobs set version = version + 1, status = 'CANCELED', finished_at = now()
     where status = 'QUEUED'`,
  );
}

describe('requests a minute', () => {
  test('run out on all API processes together, and come back with time', async () => {
    const visitor = newcomer();
    await ask(visitor);
    await stopClock(5);
    const answers = await outcomes(5, async () => {
      const answer = await ask(visitor);
      await endAll();
      return answer;
    });
    expect(answers).toEqual(Array.from({ length: 5 }, () => 'CREATED'));
    // The same visitor at the other process.
    const there = newVisitor(beside.url, {
      headers: { ...visitor.headers(), 'x-forwarded-for': '203.0.113.1' },
    });
    const refused = await ask(there);
    expect(refused).toMatchObject({
      ...{ job: null, outcome: null, answer: 'RATE_LIMITED' },
      error: { message: 'You ask too often; wait a moment, then ask again.', path: null },
    });
    const waitMs = Date.parse(refused.error.retryAt) - Date.now();
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThan(15_000);
    expect(refused.headers.ratelimit).toBe('"conversions";r=0;t=60');
    await letTimePass(waitMs / 1_000);
    expect((await ask(there)).answer).toBe('CREATED');
  });

  test('are told beside each answer, with the policy', async () => {
    const visitor = newcomer();
    const seen: unknown[] = [];
    for (let nth = 0; nth < 3; nth += 1) {
      const { headers } = await ask(visitor);
      await stopClock(5 - nth);
      expect(headers['ratelimit-policy']).toBe('"conversions";q=6;w=60');
      seen.push(/^"conversions";r=(\d)/.exec(String(headers['ratelimit']))?.[1]);
    }
    expect(seen).toEqual(['5', '4', '3']);
  });

  test('of what is there already cost a fifth', async () => {
    const videoId = newVideoId();
    await succeedJob(app, { videoId, content: Buffer.alloc(10) });
    const visitor = newcomer();
    await ask(visitor, videoId);
    await stopClock(2);
    const answers = await outcomes(11, () => ask(visitor, videoId));
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 'REUSED'), 'RATE_LIMITED']);
  });

  test('are counted by address as well: a new cookie is no new allowance', async () => {
    await ask(newcomer(app.url, '192.0.2.7'));
    await stopClock(2);
    const answers = await outcomes(3, () => ask(newcomer(app.url, '192.0.2.7')));
    expect(answers).toEqual(['CREATED', 'CREATED', 'RATE_LIMITED']);
    expect((await ask(newcomer(app.url, '192.0.2.8'))).answer).toBe('CREATED');
  });

  test('by IPv6 are those of a /64, which one subscriber has', async () => {
    await ask(newcomer(app.url, '2001:db8:1:2::1'));
    await stopClock(2);
    const answers = await outcomes(3, (nth) =>
      ask(newcomer(app.url, `2001:db8:1:2:${nth + 2}::1`)),
    );
    expect(answers).toEqual(['CREATED', 'CREATED', 'RATE_LIMITED']);
    expect((await ask(newcomer(app.url, '2001:db8:1:3::1'))).answer).toBe('CREATED');
  });

  test('are spent by actions too, and a refused action changes nothing', async () => {
    const visitor = newcomer();
    const { job } = await ask(visitor);
    for (let nth = 0; nth < 25; nth += 1)
      expect(await act(visitor, 'cancelJob', job.id)).toBe('DONE');
    expect(await act(visitor, 'retryJob', job.id)).toBe('RATE_LIMITED');
    expect(await act(visitor, 'deleteJob', job.id)).toBe('RATE_LIMITED');
    const { data } = await visitor.send('query ($id: ID!) { job(id: $id) { status } }', {
      id: job.id,
    });
    expect(data.job.status).toBe('CANCELED');
  });

  test('are told beside the answer to an action as well, refused or not', async () => {
    const visitor = newcomer();
    const { job } = await ask(visitor);
    await stopClock(3);
    const answers: string[] = [];
    const actions = ['cancel', 'retry', 'delete', 'retry', 'cancel', 'delete', 'cancel', 'delete'];
    for (const action of actions) {
      const { code, allowance } = await actAndHear(visitor, `${action}Job`, job.id);
      const [, left] = /^"conversions";r=(\d);/.exec(String(allowance)) ?? [];
      answers.push(`${action}: ${code}, ${left} left`);
    }
    expect(answers).toEqual([
      'cancel: DONE, 2 left',
      'retry: DONE, 1 left',
      'delete: STILL_ACTIVE, 1 left',
      'retry: STILL_ACTIVE, 0 left',
      'cancel: DONE, 0 left',
      'delete: DONE, 0 left',
      'cancel: NOT_FOUND, 0 left',
      'delete: RATE_LIMITED, 0 left',
    ]);
  });

  test('that come all at once are counted one by one', async () => {
    const visitor = newcomer();
    const { videoId } = await runJob(app);
    await ask(visitor, videoId);
    await stopClock(6);
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(visitor, videoId)));
    expect(answers.filter(({ answer }) => answer === 'JOINED')).toHaveLength(30);
    expect(answers.filter(({ answer }) => answer === 'RATE_LIMITED')).toHaveLength(30);
  });

  test('that many owners send at once over two processes never lock each other up', async () => {
    const visitors = Array.from({ length: 30 }, (_, nth) =>
      newcomer([app.url, beside.url][nth % 2]),
    );
    const videoIds = Array.from({ length: 5 }, newVideoId);
    const answers = await Promise.all(
      visitors.flatMap((visitor, nth) =>
        videoIds.map((_, place) => ask(visitor, videoIds[(place + nth) % videoIds.length])),
      ),
    );
    const known = ['CREATED', 'JOINED', 'RATE_LIMITED', 'TOO_MANY_ACTIVE_JOBS'];
    expect(answers.filter(({ answer }) => !known.includes(answer))).toEqual([]);
  });
});

describe('active jobs', () => {
  test('of one owner are limited, joined ones included, and end when they end', async () => {
    const visitor = newcomer();
    const [first] = [await ask(visitor), await ask(visitor)];
    const shared = await runJob(app);
    expect((await ask(visitor, shared.videoId)).answer).toBe('JOINED');
    const refused = await ask(visitor);
    expect(refused).toMatchObject({
      answer: 'TOO_MANY_ACTIVE_JOBS',
      error: { retryAt: null, message: expect.stringContaining('wait for one to end') },
    });
    // What is theirs already is no job more.
    expect((await ask(visitor, shared.videoId)).answer).toBe('JOINED');
    expect(await act(visitor, 'cancelJob', first.job.id)).toBe('DONE');
    expect((await ask(visitor)).answer).toBe('CREATED');
    expect(await act(visitor, 'retryJob', first.job.id)).toBe('TOO_MANY_ACTIVE_JOBS');
  });

  test('of one address are limited, whoever owns them', async () => {
    const answers = await outcomes(6, () => ask(newcomer(app.url, '192.0.2.9')));
    expect(answers).toEqual([
      ...Array.from({ length: 5 }, () => 'CREATED'),
      'TOO_MANY_ACTIVE_JOBS',
    ]);
  });
});

test('stored megabytes are limited, and deleting makes room', async () => {
  const visitor = newcomer();
  const { job } = await ask(visitor);
  const jobId = fromGlobalId(job.id) ?? '';
  await succeedJob(app, {
    job: await runJob(app, { job: { ...job, jobId, attempt: 0, videoId: '' } }),
    content: Buffer.alloc(1024 * 1024),
  });
  const refused = await ask(visitor);
  expect(refused.answer).toBe('TOO_MUCH_STORED');
  const inHours = (Date.parse(refused.error.retryAt) - Date.now()) / 3_600_000;
  expect(Math.round(inHours)).toBe(24);
  expect(await act(visitor, 'deleteJob', job.id)).toBe('DONE');
  expect((await ask(visitor)).answer).toBe('CREATED');
});

test('stored megabytes of one address are limited, whoever owns them', async () => {
  const from = '192.0.2.10';
  for (let nth = 0; nth < 3; nth += 1) {
    const { job } = await ask(newcomer(app.url, from));
    const jobId = fromGlobalId(job.id) ?? '';
    await succeedJob(app, {
      job: await runJob(app, { job: { ...job, jobId, attempt: 0, videoId: '' } }),
      content: Buffer.alloc(1024 * 1024),
    });
  }
  expect((await ask(newcomer(app.url, from))).answer).toBe('TOO_MUCH_STORED');
  expect((await ask(newcomer())).answer).toBe('CREATED');
});

test('a full queue takes nothing new, but what is in it may be joined', async () => {
  const { videoId } = await queueJob(app);
  await Promise.all(Array.from({ length: 7 }, () => queueJob(app)));
  const refused = await ask(newcomer());
  expect(refused).toMatchObject({ answer: 'QUEUE_FULL', error: { retryAt: expect.any(String) } });
  expect((await ask(newcomer(), videoId)).answer).toBe('JOINED');
  const { rows } = await app.database.pool.query(
    `select count(*)::integer as jobs from tapedeck.jobs`,
  );
  expect(rows).toEqual([{ jobs: 8 }]);
});

test('a refused request leaves no trace: its key can be used again', async () => {
  await Promise.all(Array.from({ length: 8 }, () => queueJob(app)));
  const visitor = newcomer();
  const keyed = `mutation ($url: String!) { requestMp3(url: $url, idempotencyKey: "once") {
    outcome userErrors { code } } }`;
  const url = `youtu.be/${newVideoId()}`;
  const send = async () => (await visitor.send(keyed, { url })).data.requestMp3;
  expect(await send()).toEqual({ outcome: null, userErrors: [{ code: 'QUEUE_FULL' }] });
  await endAll();
  await app.database.pool.query('delete from tapedeck.queue_gauge');
  expect(await send()).toEqual({ outcome: 'CREATED', userErrors: [] });
  expect(await send()).toEqual({ outcome: 'REPLAYED', userErrors: [] });
});

test('no address is stored as it is', async () => {
  await ask(newcomer(app.url, '192.0.2.33'));
  const { rows } = await app.database.pool.query<{ text: string }>(
    `select row_to_json(o)::text as text from tapedeck.job_owners o
     union all select row_to_json(b)::text from tapedeck.buckets b`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(3);
  expect(rows.map(({ text }) => text).join('\n')).not.toContain('192.0.2.33');
});
