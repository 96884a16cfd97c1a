// When Tapedeck cannot run: one clear sentence a fault, on stderr, that says what to do; an exit code that is not
// 0; and nobody left behind. What is slow because it waits for something is begun first of all.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connectionsTo, createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';
import { processesIn } from '../support/processes.ts';
import { launch, runToExit, startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';

const stack = new AsyncDisposableStack();
let folder: Folder;
let database: TestDatabase;
/** Wait for some seconds, in case the other is on its way: what they say is read by the last tests. */
let slow: { readonly unreachable: Promise<string[]>; readonly second: Promise<string[]> };
let first: Tapedeck;
beforeAll(async () => {
  folder = stack.use(await openFolder());
  database = stack.use(await createTestDatabase());
  const unreachable = complaintsOf({
    settings: { DATABASE_URL: 'postgres://127.0.0.1:1/tapedeck' },
  });
  const dataFolder = folder.file('shared');
  first = stack.use(await startTapedeck({ dataFolder }));
  slow = { unreachable, second: complaintsOf({ dataFolder }) };
  const all = Promise.allSettled(Object.values(slow));
  stack.defer(async () => void (await all));
});
afterAll(() => stack.disposeAsync());

type Attempt = {
  readonly settings?: Readonly<Record<string, string>>;
  readonly command?: string;
  readonly dataFolder?: string;
};

/** The sentences with which it gave up. */
async function complaintsOf({ dataFolder = folder.path, ...rest }: Attempt): Promise<string[]> {
  const { exitCode, complaints } = await runToExit({ dataFolder, ...rest });
  const prefix = 'Tapedeck cannot run: ';
  const lines = complaints.trimEnd().split('\n');
  // A stack, a warning of Node's or a second thought would be lines of another kind.
  expect(lines).toEqual(lines.map(() => expect.stringMatching(`^${prefix}.*[^.]\\.$`)));
  expect(exitCode).toBe(1);
  return lines.map((line) => line.slice(prefix.length));
}

const withDatabase = () => ({ DATABASE_URL: database.url });

describe('settings', () => {
  test('that are wrong are all told at once', async () => {
    const settings = {
      PORT: 'four thousand',
      DATABASE_URL: 'mysql://127.0.0.1/tapedeck',
      ROLES: 'api,baker',
      WORKER_CONCURRENCY: '0',
      ALLOWED_HOSTS: 'localhost',
      MAX_DURATION_SECONDS: '1.5',
      MAX_FILESIZE_MB: '-1',
      RETENTION_HOURS: 'a day',
      STORE_QUOTA_MB: 'much',
      LOG_LEVEL: 'loud',
      LOG_FORMAT: 'xml',
    };
    const sentences = await complaintsOf({ settings });
    expect(sentences.map((sentence) => sentence.split(' ', 1)[0])).toEqual(Object.keys(settings));
  });

  test('of one role alone need a database', async () => {
    expect(await complaintsOf({ settings: { ROLES: 'worker' } })).toEqual([
      'DATABASE_URL has to be set when ROLES names only one: api and worker meet in the database.',
    ]);
  });
});

test('an unknown command is named, with those there are', async () => {
  expect(await complaintsOf({ command: 'serve' })).toEqual([
    'There is no command "serve"; try "health", "doctor", "migrate", "keys" or "secrets".',
  ]);
});

test('an occupied port is named', async () => {
  await using other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const settings = { ...withDatabase(), PORT: String(port) };
  expect(await complaintsOf({ settings })).toEqual([
    `Port ${port} is in use; stop the other program or set PORT.`,
  ]);
});

test('an address of another machine is named', async () => {
  const settings = { ...withDatabase(), HOST: '192.0.2.1', OPEN_TO_NETWORK: 'true' };
  expect(await complaintsOf({ settings })).toEqual([
    '192.0.2.1 is no address of this machine; set HOST.',
  ]);
});

describe('tools', () => {
  let bare: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const empty = folder.file('empty');
    await mkdir(empty);
    // youtube-dl-exec looks for its own yt-dlp where the second one says.
    bare = { ...withDatabase(), PATH: empty, YOUTUBE_DL_DIR: empty };
  });

  test('that are missing are named, with the commands that install them', async () => {
    expect(await complaintsOf({ settings: bare })).toEqual([
      'yt-dlp and ffmpeg are missing: install with "apt-get install yt-dlp ffmpeg" (Debian) or "brew install yt-dlp ffmpeg" (macOS), then start again.',
    ]);
  });

  test.each([
    ['YTDLP_PATH', '/bin/false', 'yt-dlp'],
    ['FFMPEG_PATH', '/no/such/ffmpeg', 'ffmpeg with its ffprobe'],
  ])('that a wrong %s names are not replaced by others', async (name, path, tool) => {
    const settings = { ...withDatabase(), [name]: path };
    expect(await complaintsOf({ settings })).toEqual([
      `${name} is ${path}, which does not run as ${tool}: correct it, or leave it empty.`,
    ]);
  });
});

describe('a DATA_DIR that cannot be', () => {
  let impossible: string;
  beforeAll(async () => {
    await writeFile(folder.file('file'), 'not a folder');
    impossible = folder.file('file/data');
  });

  test('is named, with the embedded database', async () => {
    expect(await complaintsOf({ dataFolder: impossible })).toEqual([
      `The folder ${impossible} cannot be used: choose another one in DATA_DIR.`,
    ]);
  });

  test('is named, with a database of its own', async () => {
    expect(await complaintsOf({ dataFolder: impossible, settings: withDatabase() })).toEqual([
      `${impossible} cannot be written; change its owner or DATA_DIR.`,
    ]);
  });
});

describe('Ctrl+C during the start', () => {
  const cleanly = { exitCode: 0, complaints: '' };

  async function interruptWhen(
    moment: string,
    attempt: { dataFolder: string; settings?: Readonly<Record<string, string>> },
    hasCome: () => Promise<boolean> | boolean,
  ): Promise<{ exitCode: number | null; complaints: string }> {
    const { child, exited, complaints } = launch({ ...attempt, detached: true });
    try {
      await eventually(moment, hasCome, { timeoutMs: 30_000 });
      process.kill(-(child.pid ?? 0), 'SIGINT');
      return { exitCode: await exited, complaints: complaints() };
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  }

  test('leaves a database that is being made whole or not there at all', async () => {
    const dataFolder = folder.file('interrupted');
    const names = () => readdir(dataFolder).catch(() => []);
    const moment = 'the database to be in the making';
    const end = await interruptWhen(moment, { dataFolder }, async () => {
      const all = await names();
      return all.some((name) => name.startsWith('postgres.new-'));
    });
    expect(end).toEqual(cleanly);
    expect(await names()).not.toContainEqual(expect.stringMatching(/^postgres\.new-/));
    expect(await processesIn(dataFolder)).toEqual([]);
    await using next = await startTapedeck({ dataFolder });
    expect(next.url).toMatch(/^http:/);
  });

  test('does not make the tools that it ends look as if they were missing', async () => {
    const ytdlp = folder.file('slow-yt-dlp');
    await writeFile(ytdlp, '#!/bin/sh\n: > "$0.asked"\nexec sleep 60\n', { mode: 0o755 });
    const settings = { ...withDatabase(), YTDLP_PATH: ytdlp };
    const attempt = { dataFolder: folder.path, settings };
    const end = await interruptWhen('its version to be asked for', attempt, () =>
      existsSync(`${ytdlp}.asked`),
    );
    expect(end).toEqual(cleanly);
  });

  test('ends the waiting for a database', async () => {
    let isWaiting = false;
    await using noDatabase = createServer((socket) => {
      isWaiting = true;
      socket.destroy();
    });
    noDatabase.listen(0, '127.0.0.1');
    await once(noDatabase, 'listening');
    const { port } = noDatabase.address() as AddressInfo;
    const settings = { DATABASE_URL: `postgres://127.0.0.1:${port}/tapedeck` };
    const attempt = { dataFolder: folder.path, settings };
    const end = await interruptWhen('a connection', attempt, () => isWaiting);
    expect(end).toEqual(cleanly);
  });
});

describe('a database', () => {
  test('that does not answer is waited for, and then told', async () => {
    expect(await slow.unreachable).toEqual([
      'The database cannot be used (connect ECONNREFUSED 127.0.0.1:1); check DATABASE_URL.',
    ]);
  });

  test('that another Tapedeck uses is left to it', async () => {
    expect(await slow.second).toEqual([
      `Another Tapedeck uses the database in ${folder.file('shared/postgres')}: stop it, or give this one its own DATA_DIR or a DATABASE_URL.`,
    ]);
    const response = await fetch(`${first.url}/readyz`);
    expect(await response.json()).toMatchObject({ status: 'ok' });
  });
});

test('nobody is left behind who works in the folder or speaks with the database', async () => {
  expect(await first.stop()).toBe(0);
  expect(await processesIn(folder.path)).toEqual([]);
  await eventually('the connections to be closed', async () => {
    const left = await connectionsTo(database);
    return left.length === 0;
  });
});
