import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claimAttempt, failAttempt, finishAttempt } from '../../../src/db/attempts.ts';
import type { Database } from '../../../src/db/pool.ts';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import type { Job, JobStatus } from '../../../src/domain/job.ts';
import { attemptsPerRequest } from '../../../src/domain/retry.ts';
import { createRequests } from '../../../src/services/requests.ts';
import type { Mp3Request, Requests } from '../../../src/services/requests.ts';
import { createStorage } from '../../../src/storage.ts';
import type { Storage } from '../../../src/storage.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';
import { createJob, keyOf, newArtifact, newSource, ownersOf, readJob } from '../../support/jobs.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

let folder: Folder;
let storage: Storage;
let requests: Requests;
beforeEach(async () => {
  folder = await openFolder();
  storage = await createStorage(folder.path);
  requests = createRequests({
    pool,
    allowedHosts: parseAllowedHosts('').allowedHosts,
    hasArtifact: (attempt) => storage.hasArtifact(attempt),
    removeFiles: (attempt) => storage.removeArtifact(attempt),
  });
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

function newMp3Request(changes: Partial<Mp3Request> = {}): Mp3Request {
  return {
    url: newSource().canonicalUrl,
    options: { quality: 'KBPS_192', embedThumbnail: true },
    mayReuse: true,
    idempotencyKey: null,
    ...changes,
  };
}

/** Runs the job to its end, with its MP3 in the store. */
async function finish(job: Job): Promise<Job> {
  const running = (await claimAttempt(pool, job.id, 'worker'))!;
  await using work = await storage.openWorkFolder(keyOf(running));
  const file = join(work.path, 'tagged.mp3');
  await writeFile(file, 'sound');
  const stored = await storage.publish(file, keyOf(running));
  return (await finishAttempt(pool, keyOf(running), newArtifact(stored), 24))!;
}

describe('a request', () => {
  test('is accepted with its canonical link and its attempts', async () => {
    const { source, ...request } = { ...newMp3Request(), source: newSource() };
    const url = `https://youtu.be/${source.externalId}?t=42&si=abc`;
    const { refusal, outcome, job } = await requests.request('alice', { ...request, url });
    expect({ refusal, outcome }).toEqual({ refusal: null, outcome: 'CREATED' });
    expect(job).toMatchObject({ source, maxAttempts: attemptsPerRequest });
  });

  test.each([
    ['ftp://example.com/a', 'URL_SCHEME_NOT_ALLOWED', 'url'],
    ['https://example.com/a', 'URL_HOST_NOT_ALLOWED', 'url'],
  ])('for %s is refused as %s, and nothing is stored', async (url, code, argument) => {
    const answer = await requests.request(url, newMp3Request({ url }));
    expect(answer).toMatchObject({ job: null, outcome: null, refusal: { code, path: [argument] } });
    const { rows } = await pool.query(`select from tapedeck.job_owners where owner_id = $1`, [url]);
    expect(rows).toEqual([]);
  });

  test.each([[''], ['k'.repeat(256)], ['nul\0']])(
    'with the idempotency key %j is refused',
    async (idempotencyKey) => {
      const answer = await requests.request('alice', newMp3Request({ idempotencyKey }));
      expect(answer.refusal).toMatchObject({ code: 'OPTION_INVALID', path: ['idempotencyKey'] });
    },
  );

  test('with a known idempotency key is replayed for every spelling of the same arguments', async () => {
    const { externalId, canonicalUrl } = newSource();
    const idempotencyKey = randomUUID();
    const first = newMp3Request({ url: canonicalUrl, idempotencyKey });
    const { job } = await requests.request('alice', first);
    const again = { ...first, url: `https://youtu.be/${externalId}` };
    expect(await requests.request('alice', again)).toMatchObject({
      outcome: 'REPLAYED',
      job: { id: job?.id },
    });
    const changes: Partial<Mp3Request>[] = [
      { url: newSource().canonicalUrl },
      { mayReuse: false },
      { options: { ...first.options, quality: 'VBR_BEST' } },
      { options: { ...first.options, embedThumbnail: false } },
    ];
    for (const change of changes) {
      expect(await requests.request('alice', { ...first, ...change })).toMatchObject({
        refusal: { code: 'IDEMPOTENCY_KEY_REUSED', path: ['idempotencyKey'] },
      });
    }
  });
});

describe('a finished job whose MP3 is gone from the store', () => {
  test('is EXPIRED, and the request converts again', async () => {
    const request = newMp3Request();
    const { job } = await requests.request('alice', request);
    const finished = await finish(job!);
    expect((await requests.request('bob', request)).outcome).toBe('REUSED');
    await storage.removeArtifact(keyOf(finished));
    const again = await requests.request('carol', request);
    expect(again.outcome).toBe('CREATED');
    expect(again.job?.id).not.toBe(finished.id);
    expect((await readJob(pool, finished.id)).status).toBe('EXPIRED');
  });

  test('does not stay behind an idempotency key', async () => {
    const request = newMp3Request({ idempotencyKey: randomUUID() });
    const { job } = await requests.request('alice', { ...request, idempotencyKey: null });
    await storage.removeArtifact(keyOf(await finish(job!)));
    const again = await requests.request('bob', request);
    expect(again.outcome).toBe('CREATED');
    expect(await requests.request('bob', request)).toMatchObject({
      ...{ outcome: 'REPLAYED', job: { id: again.job?.id } },
    });
  });
});

describe('a caller', () => {
  const refusalOf = async (action: Promise<{ refusal: { code: string } | null }>) =>
    (await action).refusal?.code ?? null;

  test.each([
    ['QUEUED', [null, 'STILL_ACTIVE', 'STILL_ACTIVE']],
    ['RUNNING', [null, 'STILL_ACTIVE', 'STILL_ACTIVE']],
    ['SUCCEEDED', ['ALREADY_TERMINAL', 'NOT_RETRYABLE', null]],
    ['FAILED', ['ALREADY_TERMINAL', null, null]],
    ['CANCELED', [null, null, null]],
    ['EXPIRED', ['ALREADY_TERMINAL', null, null]],
  ] satisfies [JobStatus, (string | null)[]][])(
    'of a job that is %s is told for cancel, retry and delete: %j',
    async (status, codes) => {
      const ids = await Promise.all([1, 2, 3].map(async () => (await createJob(pool, status)).id));
      expect([
        await refusalOf(requests.cancel('alice', ids[0]!)),
        await refusalOf(requests.retry('alice', ids[1]!)),
        await refusalOf(requests.remove('alice', ids[2]!)),
      ]).toEqual(codes);
    },
  );

  test("cannot tell another's job from none", async () => {
    const { id } = await createJob(pool, 'FAILED');
    for (const jobId of [id, randomUUID(), null]) {
      expect([
        await refusalOf(requests.cancel('mallory', jobId)),
        await refusalOf(requests.retry('mallory', jobId)),
        await refusalOf(requests.remove('mallory', jobId)),
      ]).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
    }
  });

  test('is given the present state with every refusal of an own job', async () => {
    const job = await createJob(pool, 'SUCCEEDED');
    expect((await requests.cancel('alice', job.id)).job).toEqual(job);
    expect((await requests.retry('alice', job.id)).job).toEqual(job);
  });

  test('whose job has an active twin is pointed there', async () => {
    const request = newMp3Request();
    const { job } = await requests.request('alice', request);
    const running = (await claimAttempt(pool, job!.id, 'worker'))!;
    await failAttempt(pool, keyOf(running), 'PRIVATE');
    await requests.request('alice', request);
    const { refusal } = await requests.retry('alice', job!.id);
    expect(refusal).toMatchObject({ code: 'STILL_ACTIVE' });
    expect(refusal?.message).toMatch(/^Another job .*\.$/);
  });

  test('takes the file along as its last owner, and only then', async () => {
    const request = newMp3Request();
    const { job } = await requests.request('alice', request);
    const finished = await finish(job!);
    await requests.request('bob', request);
    await requests.remove('alice', finished.id);
    expect(await storage.hasArtifact(keyOf(finished))).toBe(true);
    expect(await ownersOf(pool, finished.id)).toEqual(['bob']);
    await requests.remove('bob', finished.id);
    expect(await storage.hasArtifact(keyOf(finished))).toBe(false);
  });
});
