// An attempt and a database that goes away: what it has to write waits, and is written once.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cancelJob } from '../../../src/db/actions.ts';
import type { Database } from '../../../src/db/pool.ts';
import { AttemptLost } from '../../../src/services/attempt.ts';
import { createAttempts } from '../../../src/services/attempts.ts';
import type { ClaimedAttempt } from '../../../src/services/attempt.ts';
import type { Attempts } from '../../../src/services/attempts.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { openLink } from '../../support/databaseLink.ts';
import type { DatabaseLink } from '../../support/databaseLink.ts';
import { eventually } from '../../support/eventually.ts';
import { createJob, findQueueJob, newArtifact, readJob } from '../../support/jobs.ts';

let database: TestDatabase;
/** To look at the database while the link of the attempts is down. */
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

let link: DatabaseLink;
let attempts: Attempts;
let errors: unknown[];
beforeEach(async () => {
  errors = [];
  link = await openLink(database);
  attempts = createAttempts({
    pool: link.pool,
    retentionHours: 24,
    onError: (error) => errors.push(error),
  });
});
afterEach(async () => {
  await attempts[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
});

async function claim(): Promise<ClaimedAttempt> {
  const { id } = await createJob(pool, 'QUEUED');
  return (await attempts.claim(id, 'worker'))!;
}

describe('while the database is away', () => {
  test('a claim waits, and is made when it is back', async () => {
    const { id } = await createJob(pool, 'QUEUED');
    link.cut();
    const claiming = attempts.claim(id, 'worker');
    await eventually('three failed tries', () => errors.length >= 3);
    link.mend();
    using claimed = await claiming;
    expect(claimed?.key).toEqual({ jobId: id, attempt: 1 });
    expect((await readJob(pool, id)).status).toBe('RUNNING');
  });

  test('the end of an attempt waits, and is written when it is back', async () => {
    using attempt = await claim();
    link.cut();
    const finished = attempt.finish(newArtifact());
    await eventually('three failed tries', () => errors.length >= 3);
    expect((await readJob(pool, attempt.key.jobId)).status).toBe('RUNNING');
    link.mend();
    await finished;
    expect(await readJob(pool, attempt.key.jobId)).toMatchObject({
      ...{ status: 'SUCCEEDED', version: 3 },
    });
  });

  test('a cancellation that came meanwhile still wins', async () => {
    using attempt = await claim();
    link.cut();
    const finished = attempt.finish(newArtifact());
    finished.catch(() => {});
    await eventually('a failed try', () => errors.length > 0);
    await cancelJob(pool, 'alice', attempt.key.jobId);
    link.mend();
    await expect(finished).rejects.toBeInstanceOf(AttemptLost);
    expect(await readJob(pool, attempt.key.jobId)).toMatchObject({
      ...{ status: 'CANCELED', artifact: null },
    });
  });

  test('a statement whose session the server ends is repeated', async () => {
    using attempt = await claim();
    const blocker = await pool.connect();
    await blocker.query('begin');
    await blocker.query(`select from tapedeck.jobs where id = $1 for update`, [attempt.key.jobId]);
    const finished = attempt.finish(newArtifact());
    await eventually('the blocked statement to be ended', async () => {
      const { rowCount } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where query like '%finishAttempt%' and wait_event_type = 'Lock'`,
      );
      return rowCount === 1;
    });
    await blocker.query('rollback');
    blocker.release();
    await finished;
    expect(await readJob(pool, attempt.key.jobId)).toMatchObject({
      ...{ status: 'SUCCEEDED', version: 3 },
    });
    expect(errors).toHaveLength(1);
  });

  test('a statement that waited too long for a lock is repeated', async () => {
    using attempt = await claim();
    const { rows } = await pool.query<{ name: string }>('select current_database() as name');
    await pool.query(`alter database ${rows[0]!.name} set lock_timeout = '50ms'`);
    // New connections have the setting.
    link.cut();
    link.mend();
    await link.pool.query('select').catch(() => {});
    const blocker = await pool.connect();
    await blocker.query('begin');
    await blocker.query(`select from tapedeck.jobs where id = $1 for update`, [attempt.key.jobId]);
    const finished = attempt.finish(newArtifact());
    await eventually('a try that gave up', () =>
      errors.some((error) => (error as { code?: string }).code === '55P03'),
    );
    await blocker.query('rollback');
    blocker.release();
    await finished;
    expect((await readJob(pool, attempt.key.jobId)).status).toBe('SUCCEEDED');
    await pool.query(`alter database ${rows[0]!.name} reset lock_timeout`);
  });

  test('a statement that can never succeed is not repeated', async () => {
    using attempt = await claim();
    const impossible = newArtifact({ sizeBytes: 0.5 });
    await expect(attempt.finish(impossible)).rejects.toMatchObject({ code: '22P02' });
    expect(errors).toEqual([]);
  });
});

describe('when the answer is lost after the commit', () => {
  test('a finish finds its own MP3 there and has succeeded, once', async () => {
    using attempt = await claim();
    const artifact = newArtifact();
    const lost = link.loseAnswerTo('-- finishAttempt');
    await Promise.all([attempt.finish(artifact), lost]);
    expect(await readJob(pool, attempt.key.jobId)).toMatchObject({
      ...{ status: 'SUCCEEDED', version: 3, artifact },
    });
    expect(attempt.signal.aborted).toBe(false);
    expect(errors).toHaveLength(1);
  });

  test('a failure is on record once, and its attempt is over', async () => {
    using attempt = await claim();
    const lost = link.loseAnswerTo('-- retryAttemptLater');
    await expect(attempt.fail('NETWORK')).rejects.toBeInstanceOf(AttemptLost);
    await lost;
    const job = await readJob(pool, attempt.key.jobId);
    expect(job).toMatchObject({ status: 'QUEUED', version: 3, failure: { code: 'NETWORK' } });
    expect((await findQueueJob(pool, job.id))?.run_at).toEqual(job.runAt);
  });

  test('a claim finds nothing to do, and holds an attempt that nobody runs, for the pulse to hand back', async () => {
    const { id } = await createJob(pool, 'QUEUED');
    const lost = link.loseAnswerTo('-- claimAttempt');
    expect(await attempts.claim(id, 'worker')).toBeNull();
    await lost;
    const { status, attempt } = await readJob(pool, id);
    expect(status).toBe('RUNNING');
    expect(attempts.isRunning({ jobId: id, attempt })).toBe(false);
  });
});
