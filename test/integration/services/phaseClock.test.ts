// The time limits of an attempt whose task does what it is told, and of one that hangs.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { JobHelpers } from 'graphile-worker';
import { AttemptFailure } from '../../../src/domain/failure.ts';
import { defaultPhaseLimits } from '../../../src/domain/phaseLimits.ts';
import { createLogger } from '../../../src/logger.ts';
import { AttemptLost } from '../../../src/services/attempt.ts';
import { createAttempts } from '../../../src/services/attempts.ts';
import { createStorage } from '../../../src/storage.ts';
import { createConvertTask } from '../../../src/tasks/convert.ts';
import type { ConvertOptions } from '../../../src/tasks/convert.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openFolder } from '../../support/folder.ts';
import { createJob, readJob } from '../../support/jobs.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const attemptsWith = (limits: Partial<typeof defaultPhaseLimits>, hardLimitSeconds?: number) =>
  createAttempts({
    pool: database.pool,
    retentionHours: 24,
    phaseLimits: { ...defaultPhaseLimits, ...limits },
    ...(hardLimitSeconds !== undefined && { hardLimitSeconds }),
    onError: () => {},
  });

test('a phase that takes too long ends the attempt as TIMED_OUT, and tells which', async () => {
  await using attempts = attemptsWith({ TRANSCODING: 0.1 });
  const { id } = await createJob(database.pool, 'QUEUED');
  using attempt = (await attempts.claim(id, 'worker'))!;
  await attempt.enter('DOWNLOADING');
  await attempt.enter('TRANSCODING');
  await once(attempt.signal, 'abort');
  expect(attempt.signal.reason).toBeInstanceOf(AttemptFailure);
  expect(attempt.signal.reason).toMatchObject({
    ...{ code: 'TIMED_OUT', facts: { phase: 'TRANSCODING', limitSeconds: 0.1 } },
  });
  await attempt.fail('TIMED_OUT');
  expect(await readJob(database.pool, id)).toMatchObject({
    ...{ status: 'QUEUED', failure: { code: 'TIMED_OUT' } },
  });
});

test('each phase has its own time, from its own beginning', async () => {
  await using attempts = attemptsWith({ RESOLVING: 0.3, DOWNLOADING: 60 });
  const { id } = await createJob(database.pool, 'QUEUED');
  using slow = (await attempts.claim(id, 'worker'))!;
  await slow.enter('DOWNLOADING');
  // By then the limit of the first phase would have ended another that began at the same time.
  const other = await createJob(database.pool, 'QUEUED');
  using resolving = (await attempts.claim(other.id, 'worker'))!;
  await once(resolving.signal, 'abort');
  expect(slow.signal.aborted).toBe(false);
  await slow.release();
});

test('a task that hangs where no signal reaches it loses its job and gives its slot back', async () => {
  await using attempts = attemptsWith({ RESOLVING: 0.05 }, 0.05);
  await using folder = await openFolder();
  const leftBehind: Promise<void>[] = [];
  const task = createConvertTask({
    attempts,
    onLeftBehind: (work: Promise<void>) => void leftBehind.push(work),
    storage: await createStorage(folder.path),
    ytdlp: () => new Promise<never>(() => {}),
    standby: { prepare() {}, take: async () => null, async [Symbol.asyncDispose]() {} },
    limits: { maxDurationSeconds: 60, maxFilesizeBytes: 1_000 },
    logger: createLogger({ logLevel: 'silent', logFormat: 'json' }),
    onRecord: Promise.resolve(),
  } as Partial<ConvertOptions> as ConvertOptions);
  const { id } = await createJob(database.pool, 'QUEUED');
  await task({ jobId: id }, { job: { locked_by: 'worker' } } as JobHelpers);
  expect(await readJob(database.pool, id)).toMatchObject({
    ...{ status: 'QUEUED', failure: { code: 'TIMED_OUT' } },
  });
  expect(attempts.count()).toBe(0);
  expect(leftBehind).toHaveLength(1);
});

test('what hung and moves again writes nothing', async () => {
  await using attempts = attemptsWith({ RESOLVING: 0.05 }, 0.05);
  const { id } = await createJob(database.pool, 'QUEUED');
  using hanging = (await attempts.claim(id, 'worker'))!;
  await expect(hanging.overdue).rejects.toMatchObject({ code: 'TIMED_OUT' });
  await hanging.fail('TIMED_OUT');
  await expect(hanging.enter('DOWNLOADING')).rejects.toMatchObject({ code: 'TIMED_OUT' });
  await expect(hanging.openPreview('token')).rejects.toBeInstanceOf(AttemptLost);
});

test('the limits together stay below the four hours of a queue job', () => {
  const seconds = Object.values(defaultPhaseLimits).reduce((sum, each) => sum + each, 0);
  expect(seconds).toBeLessThan(4 * 60 * 60);
});
