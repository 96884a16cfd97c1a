// `node src/main.ts keys`: what an operator types, and what it does to those who call.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretsFile } from '../../src/secrets.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openFolder } from '../support/folder.ts';
import { runToExit, startTapedeck } from '../support/tapedeck.ts';
import { newVisitor } from '../support/visitor.ts';

let database: TestDatabase;
let folder: Awaited<ReturnType<typeof openFolder>>;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await openFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

type Place = { readonly dataFolder: string; readonly settings: Record<string, string> };
const here = (): Place => ({
  dataFolder: folder.path,
  settings: { DATABASE_URL: database.url, ACCESS: 'keys' },
});

const keys = (place: Place, ...args: string[]) => runToExit({ ...place, command: 'keys', args });

function read(output: string): { key: string; id: string } {
  const [, key = '', id = ''] = /^(tapedeck_[\w-]{43})\n\n.*\(([0-9a-f]{8})\)/.exec(output) ?? [];
  return { key, id };
}

test('a key is made, listed, used and revoked, and its text is shown once', async () => {
  const made = await keys(here(), 'create', 'Ann’s phone', '--scopes', 'read');
  expect(made).toMatchObject({ exitCode: 0, complaints: '' });
  const { key, id } = read(made.output);
  const listed = await keys(here(), 'list');
  expect(listed.output).toMatch(
    new RegExp(
      `^id .*\n${id}  read    \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  -          -        Ann’s phone\n$`,
    ),
  );
  expect(listed.output).not.toContain(key.slice(9, 20));

  await using tapedeck = await startTapedeck({
    ...here(),
    settings: { ...here().settings, ROLES: 'api', LOG_LEVEL: 'trace' },
  });
  const caller = newVisitor(tapedeck.url, { key });
  const asks = async () => (await caller.post('{ queueStats { queued } }')).status;
  expect(await asks()).toBe(200);
  expect(await keys(here(), 'revoke', id)).toMatchObject({
    ...{ exitCode: 0, output: `The key ${id} is revoked.\n` },
  });
  // Well before it would be looked at again: a key that was found is trusted for five seconds.
  await eventually('the key to be refused', async () => (await asks()) === 401, {
    timeoutMs: 2_000,
  });
  expect((await keys(here(), 'list')).output).toMatch(
    /read    (\d{4}-\d\d-\d\d \d\d:\d\d  ){3}Ann’s phone\n$/,
  );
  // Not in the log either, however talkative.
  expect(tapedeck.output()).not.toContain(key.slice(9));
});

describe('a slip', () => {
  test.each([
    [[], 'Say "keys create <name>'],
    [['create'], 'Say "keys create <name>'],
    [['create', 'a', 'b'], 'Say "keys create <name>'],
    [['create', 'a', '--scope', 'read'], 'Say "keys create <name>'],
    [['create', 'a', '--scopes', 'root'], 'There is no scope "root"; the scopes are request, read'],
    [['create', ' '], 'The name of a key has 1 to 100 characters.'],
    [['revoke', 'nobody'], 'There is no valid key nobody; "keys list" shows them.'],
  ])('%j is told in one sentence', async (args, sentence) => {
    const { exitCode, complaints } = await keys(here(), ...args);
    expect(exitCode).toBe(1);
    expect(complaints).toContain(`Tapedeck cannot run: ${sentence}`);
    expect(complaints.trim().split('\n')).toHaveLength(1);
  });
});

test('keys of the embedded database can be made before the first start, and while it runs', async () => {
  await using own = await openFolder();
  const place = { dataFolder: own.path, settings: { ACCESS: 'keys' } };
  const before = read((await keys(place, 'create', 'before')).output);
  await using tapedeck = await startTapedeck(place);
  const during = read((await keys(place, 'create', 'during')).output);
  for (const { key } of [before, during]) {
    const { status } = await newVisitor(tapedeck.url, { key }).post('{ jobs { totalCount } }');
    expect(status).toBe(200);
  }
});

test('the secrets are rotated by a command, and nobody loses their jobs', async () => {
  await using own = await openFolder();
  const place = {
    dataFolder: own.path,
    settings: { DATABASE_URL: database.url, ROLES: 'api', ACCESS: 'sessions', LOG_LEVEL: 'trace' },
  };
  await using tapedeck = await startTapedeck(place);
  const visitor = newVisitor(tapedeck.url);
  const asked = await visitor.send(
    'mutation { requestMp3(url: "youtu.be/dQw4w9WgXcQ") { job { id } } }',
  );
  const { cookie } = visitor.headers();
  const rotated = await runToExit({ ...place, command: 'secrets', args: ['rotate'] });
  expect(rotated).toMatchObject({ exitCode: 0, complaints: '' });
  const { data } = await visitor.send('{ jobs { nodes { id } } }');
  expect(data.jobs.nodes).toEqual([asked.data.requestMp3.job]);
  // What signs is nowhere in the log, and neither is what was signed.
  for (const secret of readFileSync(secretsFile(own.path), 'utf8').trim().split('\n')) {
    expect(tapedeck.output()).not.toContain(secret);
  }
  expect(tapedeck.output()).not.toContain(cookie?.split('=')[1]);
});

test('a password in DATABASE_URL, or in its file, is told to nobody, however it fails', async () => {
  const secret = 'hunter2hunter2';
  const file = join(folder.path, 'url');
  for (const wrong of [
    database.url.replace('//tapedeck@', `//tapedeck:${secret}@`).replace(/test_\w+/, 'nowhere'),
    `postgres://tapedeck:${secret}@[::1:99999/x`,
  ]) {
    writeFileSync(file, wrong);
    for (const settings of [{ DATABASE_URL: wrong }, { DATABASE_URL_FILE: file }]) {
      const { exitCode, output } = await runToExit({
        dataFolder: folder.path,
        settings: { ...settings, ROLES: 'api', LOG_LEVEL: 'trace' },
      });
      expect(exitCode).toBe(1);
      expect(output).toContain('The database cannot be used');
      expect(output).not.toContain(secret);
    }
  }
});
