// The worker's start and stop, without its tools: what a conversion does is tested in e2e.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Tools } from '../../src/media/tools.ts';
import { startWorker } from '../../src/worker.ts';
import { startApp } from '../support/app.ts';
import type { TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { createJob, findQueueJob, readJob } from '../support/jobs.ts';

const missing = '/nowhere';
const tools: Tools = {
  ytdlp: { path: missing, version: '2026.01.01', ageDays: 0, jsRuntime: null, origin: 'PATH' },
  ffmpeg: { path: missing, ffprobePath: missing, version: '8.0' },
};

let testApp: TestApp;
beforeEach(async () => {
  testApp = await startApp({ settings: { ROLES: 'api' } });
});
afterEach(async () => {
  await testApp[Symbol.asyncDispose]();
});

test('a worker that cannot start says so, and gives back what it has fetched already', async () => {
  const { app } = testApp;
  const { id } = await createJob(app.pool, 'QUEUED');
  // The runner has started by then, and only the pulse needs this table.
  await app.pool.query(`alter table tapedeck.workers rename to workers_away`);
  await expect(startWorker(app, tools)).rejects.toThrow('tapedeck.workers');
  expect((await readJob(app.pool, id)).status).toBe('QUEUED');
  expect(await findQueueJob(app.pool, id)).toMatchObject({ locked_by: null });
});

test('a worker takes jobs when it is on record, and is off it when it has stopped', async () => {
  const { app } = testApp;
  const { id } = await createJob(app.pool, 'QUEUED', { maxAttempts: 1 });
  {
    await using _ = await startWorker(app, tools);
    await eventually('the attempt to fail for want of tools', async () => {
      return (await readJob(app.pool, id)).status === 'FAILED';
    });
  }
  expect(await readJob(app.pool, id)).toMatchObject({ failure: { code: 'INTERNAL' } });
  const { rows } = await app.pool.query(`select from tapedeck.workers`);
  expect(rows).toEqual([]);
  expect(await findQueueJob(app.pool, id)).toBeNull();
});
