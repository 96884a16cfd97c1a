// A worker that the database answers, but that can fetch no queue jobs, is not left to look alive: it ends, says why,
// and whoever restarts it has one that works.

import { expect, test } from '@jest/globals';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { report, summarize } from '../support/figures.ts';
import { openFolder } from '../support/folder.ts';
import { startTapedeck } from '../support/tapedeck.ts';

test('a worker that can fetch no queue jobs ends and says why; restarted, it works', async () => {
  await using folder = await openFolder();
  await using database = await createTestDatabase();
  const options = {
    dataFolder: folder.path,
    settings: { ROLES: 'worker', DATABASE_URL: database.url, LOG_LEVEL: 'info' },
  };
  const countChores = async () => {
    const { rowCount } = await database.pool.query(
      `select from graphile_worker.jobs where task_identifier = 'sweepLeftovers'`,
    );
    return rowCount;
  };
  {
    await using deaf = await startTapedeck(options);
    await database.pool.query('alter table graphile_worker._private_jobs rename to put_away');
    const deafAt = performance.now();
    expect(await deaf.exited).toBe(1);
    report({
      demand: 'a worker that can fetch no queue jobs',
      target: 'ends within 30 s',
      measured: summarize([performance.now() - deafAt]),
    });
    expect(deaf.output()).toContain('graphile-worker cannot fetch jobs any more');
  }
  await database.pool.query('alter table graphile_worker.put_away rename to _private_jobs');
  await using _ = await startTapedeck(options);
  await database.pool.query(`select graphile_worker.add_job('sweepLeftovers')`);
  await eventually('a chore to be done', async () => (await countChores()) === 0);
});
