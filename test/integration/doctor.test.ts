// What `doctor` says of deployments that are well, and of those that are not.

import { expect, jest, test } from '@jest/globals';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { describe as report, examine } from '../../src/doctor.ts';
import type { Finding } from '../../src/doctor.ts';
import { startApp } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';
import { openLink } from '../support/databaseLink.ts';
import { eventually } from '../support/eventually.ts';
import { openFolder } from '../support/folder.ts';
import { mountSmallDisk } from '../support/smallDisk.ts';
import { runToExit } from '../support/tapedeck.ts';

const ask = async (config: Config): Promise<Record<string, Finding>> =>
  Object.fromEntries((await examine(config)).map((finding) => [finding.part, finding]));

function configOf(settings: Readonly<Record<string, string>>): Config {
  return loadConfig({ PATH: process.env['PATH'], PORT: '1', ...settings }, { isTerminal: false });
}

test('a deployment that is well has no fault, and every part is told', async () => {
  await using running = await startApp();
  await eventually('the API to be ready', async () => (await fetch(`${running.url}/readyz`)).ok);
  const config = { ...running.app.config, port: Number(new URL(running.url).port) };
  const found = await ask(config);
  expect(Object.keys(found)).toEqual([
    ...['database', 'migrations', 'clock', 'listen', 'queue', 'tools', 'store', 'disk', 'api'],
  ]);
  expect(Object.values(found).filter(({ state }) => state === 'fail')).toEqual([]);
  expect(found['queue']).toEqual({
    ...{ part: 'queue', state: 'ok' },
    remark: '1 workers with 2 slots, 0 running, 0 queued',
  });
  expect(found['listen']?.remark).toMatch(/^a notification came back after \d+ ms$/);
  expect(report(Object.values(found))).toMatch(/^ok {3}database {3}Postgres 1\d\.\d+, /);
});

test('a database that is away is the one thing to mend first', async () => {
  await using folder = await openFolder();
  const found = await ask(
    configOf({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', DATA_DIR: folder.path }),
  );
  expect(found['database']).toMatchObject({
    state: 'fail',
    remark: expect.stringMatching(/^The database does not answer \(.+\); start it, or correct/),
  });
  expect(found['migrations']).toBeUndefined();
  expect(found['store']?.state).toBe('ok');
});

test('a schema that is missing, older or newer than the program is told apart', async () => {
  await using database = await createTestDatabase();
  await using folder = await openFolder();
  const config = configOf({ DATABASE_URL: database.url, DATA_DIR: folder.path, ROLES: 'worker' });
  const judge = async () => (await ask(config))['migrations'];
  expect(await judge()).toMatchObject({ state: 'ok' });
  const { rows } = await database.pool.query(
    `delete from tapedeck.migrations
     where id = (select max(id) from tapedeck.migrations) returning name`,
  );
  expect(await judge()).toMatchObject({
    state: 'fail',
    remark: `The schema lacks ${rows[0].name}; restart Tapedeck, each start migrates.`,
  });
  await database.pool.query(
    `insert into tapedeck.migrations (name, run_on) values ('9999_future', now())`,
  );
  expect(await judge()).toMatchObject({
    state: 'fail',
    remark: 'The schema is newer than this Tapedeck (9999_future); update Tapedeck.',
  });
  await database.pool.query(`drop schema tapedeck cascade`);
  expect(await judge()).toMatchObject({
    state: 'fail',
    remark: expect.stringContaining('no schema'),
  });
});

test('tools that are not there, and a store on another file system, are told with what to do', async () => {
  await using database = await createTestDatabase();
  await using folder = await openFolder();
  await using elsewhere = await openFolder('/dev/shm');
  await rm(join(folder.path, 'store'), { recursive: true, force: true });
  await symlink(elsewhere.path, join(folder.path, 'store'));
  const found = await ask(
    configOf({
      ...{ DATABASE_URL: database.url, DATA_DIR: folder.path, ROLES: 'worker' },
      YTDLP_PATH: '/nowhere/yt-dlp',
    }),
  );
  expect(found['tools']).toMatchObject({
    state: 'fail',
    remark: expect.stringMatching(/^YTDLP_PATH is \/nowhere\/yt-dlp, which does not run/),
  });
  expect(found['store']).toMatchObject({
    state: 'fail',
    remark: expect.stringMatching(/EXDEV.*keep it on one file system/),
  });
  expect(found['queue']).toMatchObject({
    state: 'warn',
    remark: expect.stringContaining('start a worker'),
  });
});

test.each([
  [3, 'warn', /^this clock is \d\.\d s ahead of the database's; synchronise both/],
  [-90, 'fail', /^this clock is \d\d\.\d s behind the database's; synchronise both/],
])('a clock that is off by %d s is a %s', async (seconds, state, remark) => {
  await using database = await createTestDatabase();
  await using folder = await openFolder();
  const config = configOf({ DATABASE_URL: database.url, DATA_DIR: folder.path, ROLES: 'api' });
  const now = jest.spyOn(Date, 'now').mockImplementation(() => {
    return performance.timeOrigin + performance.now() + seconds * 1_000;
  });
  try {
    expect((await ask(config))['clock']).toMatchObject({
      ...{ state, remark: expect.stringMatching(remark) },
    });
  } finally {
    now.mockRestore();
  }
});

test('a way to the database that carries no notifications is told with what to do', async () => {
  await using database = await createTestDatabase();
  await using link = await openLink(database);
  await using folder = await openFolder();
  const lost = link.loseAnswerTo('listen ');
  const found = await ask(
    configOf({ DATABASE_URL: link.url, DATA_DIR: folder.path, ROLES: 'api' }),
  );
  await lost;
  expect(found['database']?.state).toBe('ok');
  expect(found['listen']).toMatchObject({
    state: 'fail',
    remark: expect.stringMatching(
      /^A notification does not come back \(.+\); reach Postgres directly/,
    ),
  });
});

test('a disk with less room than a download may take is told with what to do', async () => {
  await using database = await createTestDatabase();
  await using disk = await mountSmallDisk(40);
  const found = await ask(
    configOf({ DATABASE_URL: database.url, DATA_DIR: disk.path, ROLES: 'worker' }),
  );
  expect(found['disk']).toMatchObject({
    state: 'fail',
    remark: expect.stringMatching(
      /^0\.0 of 0\.0 GiB free; free some, .*: downloads are refused\.$/,
    ),
  });
});

test('the command prints a line for each part and exits with 1 when one failed', async () => {
  await using folder = await openFolder();
  const { exitCode, output } = await runToExit({ dataFolder: folder.path, command: 'doctor' });
  expect(exitCode).toBe(1);
  expect(output).toMatch(
    /^fail database {3}The embedded Postgres does not run; start Tapedeck, then ask again\.$/m,
  );
  expect(output).toMatch(/^ok {3}store/m);
});
