import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';
import { startEmbeddedPostgres } from '../../../src/db/embedded.ts';
import type { EmbeddedPostgres } from '../../../src/db/embedded.ts';
import { findWay, run } from '../../../src/db/embedded/programs.ts';
import { findServerUser } from '../../../src/db/embedded/user.ts';
import { eventually } from '../../support/eventually.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';

const parentProgram = fileURLToPath(new URL('../../support/postgresParent.ts', import.meta.url));

let folder: Folder;
let dataFolder: string;

beforeEach(async () => {
  folder = await openFolder();
  dataFolder = folder.file('data/postgres');
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

async function start(settings: Record<string, string> = { fsync: 'off' }) {
  return await startEmbeddedPostgres({ dataFolder, settings });
}

async function query(connectionString: string, text: string): Promise<QueryResultRow[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<QueryResultRow>(text)).rows;
  } finally {
    await client.end();
  }
}

async function readPid(): Promise<number> {
  return Number.parseInt(await readFile(`${dataFolder}/postmaster.pid`, 'utf8'), 10);
}

/** True for a process that runs; a zombie that nobody has reaped does not. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return status !== '' && !/^State:\s+Z/m.test(status);
}

function socketFolderOf({ connectionString }: Pick<EmbeddedPostgres, 'connectionString'>): string {
  return decodeURIComponent(new URL(connectionString).host);
}

/** Starts a process of its own with a server; `connectionString` is there when the server is. */
async function startParent() {
  const child = spawn(process.execPath, [parentProgram, dataFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [connectionString] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, connectionString: String(connectionString) };
}

// Only root changes to another user, and only Linux has setpriv.
const describeAsRoot = process.getuid?.() === 0 && existsSync('/proc') ? describe : describe.skip;

describeAsRoot('the way to run a program as another user', () => {
  test('leads through closed folders, for access(2) too, by which Postgres finds its programs', async () => {
    await writeFile(folder.file('program'), '#!/bin/sh\n', { mode: 0o755 });
    const user = await findServerUser(folder.file('none'));
    const way = await findWay(user, folder.file('program'), [folder.path]);
    const script = `require('fs').accessSync(process.argv[1], 1); process.exit(process.getuid() ? 0 : 1)`;
    const command = [process.execPath, '-e', script, folder.file('program')];
    const { exitCode, output } = await run(way, command);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: '' });
  });

  test('takes no privilege along when no folder is closed', async () => {
    const user = await findServerUser(folder.file('none'));
    const { prefix } = await findWay(user, '/bin/true', ['/']);
    expect(prefix.join(' ')).toMatch(/--reuid=[1-9]\d* .*--clear-groups$/);
  });
});

describe('the embedded Postgres', () => {
  test('makes a durable UTF-8 cluster, keeps it, and listens on no port', async () => {
    {
      await using postgres = await start({});
      const settings = ['server_encoding', 'data_checksums', 'fsync', 'listen_addresses'];
      const values = settings.map((name) => `current_setting('${name}') as ${name}`).join();
      expect(
        await query(postgres.connectionString, `select ${values}, current_database() as name`),
      ).toEqual([
        {
          ...{ server_encoding: 'UTF8', data_checksums: 'on', fsync: 'on', listen_addresses: '' },
          name: 'tapedeck',
        },
      ]);
      await query(postgres.connectionString, 'create table kept as select 1 as one');
    }
    await using again = await start({});
    expect(await query(again.connectionString, 'select * from kept')).toEqual([{ one: 1 }]);
    expect(await readdir(folder.file('data'))).toEqual(['postgres']);
  });

  test('never runs as root, also below a folder that is closed to everybody else', async () => {
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    await using postgres = await start();
    expect(await query(postgres.connectionString, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await stat(`/proc/${await readPid()}`)).uid).not.toBe(0);
    const socketFolder = await stat(socketFolderOf(postgres));
    expect(socketFolder.mode & 0o777).toBe(0o700);
  });

  test('stops in good order and leaves no socket behind', async () => {
    const postgres = await start();
    const pid = await readPid();
    const client = new Client({ connectionString: postgres.connectionString });
    client.on('error', () => {});
    await client.connect();
    await postgres[Symbol.asyncDispose]();
    expect(await isRunning(pid)).toBe(false);
    await expect(stat(socketFolderOf(postgres))).rejects.toThrow('ENOENT');
    await expect(readPid()).rejects.toThrow('ENOENT');
  });

  test('kill -9 of its parent ends it too, and loses nothing that was committed', async () => {
    const { child, connectionString } = await startParent();
    await query(connectionString, 'create table kept as select 1 as one');
    const pid = await readPid();
    child.kill('SIGKILL');
    await eventually('the server to end', async () => !(await isRunning(pid)));
    await using postgres = await start();
    expect(await query(postgres.connectionString, 'select * from kept')).toEqual([{ one: 1 }]);
    await expect(stat(socketFolderOf({ connectionString }))).rejects.toThrow('ENOENT');
  });

  test('a start right after kill -9 waits for the old server to end', async () => {
    const { child } = await startParent();
    child.kill('SIGKILL');
    await using postgres = await start();
    expect(await query(postgres.connectionString, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('a second start on the same data gives up after a while and says why', async () => {
    await using first = await start();
    await expect(start()).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringMatching(/^Another Tapedeck uses the database in .*: stop it, or/),
      facts: { holder: await readPid() },
    });
    expect(await query(first.connectionString, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test.each(['a living stranger', 'a zombie'])(
    'a postmaster.pid left by a power cut that names %s is no obstacle',
    async (whose) => {
      await (await start())[Symbol.asyncDispose]();
      // Postgres minds only processes of its own user. This one never waits for the child of the shell it was.
      const { uid, gid } = await stat(dataFolder);
      const script = 'sleep 0 & exec sleep 1000';
      const stranger = spawn('sh', ['-c', script], { cwd: '/', stdio: 'ignore', uid, gid });
      try {
        const living = stranger.pid ?? 0;
        const pid = whose === 'a zombie' ? await findZombieBelow(living) : living;
        await writeFile(`${dataFolder}/postmaster.pid`, `${pid}\n${dataFolder}\n1\n5432\n\n\n`);
        await using postgres = await start();
        expect(await query(postgres.connectionString, 'select 1 as one')).toEqual([{ one: 1 }]);
      } finally {
        stranger.kill('SIGKILL');
      }
    },
  );

  test('a server that ends by itself is reported', async () => {
    await using postgres = await start();
    process.kill(await readPid(), 'SIGKILL');
    expect(await postgres.exited).toMatchObject({ code: 'FAILED', facts: { signal: 'SIGKILL' } });
  });

  test('a cluster of another major version is refused in one sentence', async () => {
    await (await start())[Symbol.asyncDispose]();
    await writeFile(`${dataFolder}/PG_VERSION`, '17\n');
    await expect(start()).rejects.toMatchObject({
      code: 'OTHER_VERSION',
      message: expect.stringMatching(
        /was made by PostgreSQL 17 and this Tapedeck brings 18\.\d+: /,
      ),
    });
  });

  test('a folder with something else in it is refused and left alone', async () => {
    dataFolder = folder.path;
    await writeFile(folder.file('music.mp3'), '');
    await expect(start()).rejects.toMatchObject({
      code: 'FAILED',
      message: `The folder ${folder.path} cannot be used: choose another one in DATA_DIR.`,
    });
    expect(await readdir(folder.path)).toEqual(['music.mp3']);
  });
});

async function findZombieBelow(parent: number): Promise<number> {
  return await eventually('a zombie', async () => {
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
    const pid = Number.parseInt(children, 10);
    return Number.isNaN(pid) || (await isRunning(pid)) ? null : pid;
  });
}
