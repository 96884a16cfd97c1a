// What a tool may have put in the place of a file is not opened.

import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlainFile } from '../../src/plainFile.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';

let folder: Folder;
beforeAll(async () => {
  folder = await openFolder();
  await writeFile(folder.file('secret'), 'of another job');
});
afterAll(async () => folder[Symbol.asyncDispose]());

test('a plain file is read', async () => {
  await using file = await openPlainFile(folder.file('secret'));
  expect(await file.readFile('utf8')).toBe('of another job');
});

test.each<[string, (path: string) => unknown, RegExp]>([
  ['a link to a file', (path) => symlink(folder.file('secret'), path), /ELOOP/],
  ['a link to what the kernel knows of us', (path) => symlink('/proc/self/environ', path), /ELOOP/],
  ['a link to nothing', (path) => symlink(folder.file('nothing'), path), /ELOOP/],
  [
    'a pipe that nobody writes to',
    (path) => execFileSync('/usr/bin/mkfifo', [path]),
    /is no plain file/,
  ],
  ['a folder', (path) => mkdir(path), /is no plain file/],
  ['nothing at all', () => {}, /ENOENT/],
])('%s is refused, at once', async (name, plant, fault) => {
  const path = folder.file(name);
  await plant(path);
  await expect(openPlainFile(path)).rejects.toThrow(fault);
});
