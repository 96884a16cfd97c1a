import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keptSources } from '../../src/storage/keptSources.ts';
import type { KeptSources } from '../../src/storage/keptSources.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';

let folder: Folder;
let sources: KeptSources;
beforeEach(async () => {
  folder = await openFolder();
  for (const name of ['sources', 'first', 'second']) await mkdir(folder.file(name));
  sources = keptSources(folder.file('sources'));
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const key = { site: 'youtube', externalId: '../../etc/passwd' };
const about = { title: 'A song' };
const always = () => true;

/** What an attempt has downloaded; its work folder goes when it ends. */
async function keep(text = 'sound', cover = true): Promise<void> {
  const [audioPath, coverPath] = [folder.file('first/source'), folder.file('first/thumbnail')];
  await writeFile(audioPath, text);
  await writeFile(coverPath, 'picture');
  await sources.keep(key, { audioPath, coverPath: cover ? coverPath : null }, about);
  await rm(folder.file('first'), { recursive: true });
  await mkdir(folder.file('first'));
}

test('what was kept is given back whole, after its first folder is gone', async () => {
  await keep();
  const taken = await sources.take(key, folder.file('second'), always);
  expect(taken).toEqual({
    audioPath: folder.file('second/source'),
    coverPath: folder.file('second/thumbnail'),
    about,
  });
  expect(await readFile(folder.file('second/source'), 'utf8')).toBe('sound');
  expect(await readFile(folder.file('second/thumbnail'), 'utf8')).toBe('picture');
  // Nothing of the video's id is in a path.
  expect(await readdir(folder.file('sources'))).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/)]);
});

test('what is kept again takes the place of the older one', async () => {
  await keep('old');
  await keep('new', false);
  expect(await sources.take(key, folder.file('second'), always)).toMatchObject({ coverPath: null });
  expect(await readFile(folder.file('second/source'), 'utf8')).toBe('new');
});

test.each([
  ['cut short', (path: string) => truncate(join(path, 'source'), 3)],
  ['changed in place', (path: string) => writeFile(join(path, 'source'), 'SOUND')],
  ['gone', (path: string) => rm(join(path, 'source'))],
  ['without its cover', (path: string) => rm(join(path, 'thumbnail'))],
  ['without its note', (path: string) => rm(join(path, 'note.json'))],
  [
    'noted by another version',
    (path: string) => writeFile(join(path, 'note.json'), '{"version":0}'),
  ],
])('a source that is %s is not given, and leaves nothing in the folder', async (_, spoil) => {
  await keep();
  const [kept] = await sources.list();
  await spoil(kept!.path);
  expect(await sources.take(key, folder.file('second'), always)).toBeNull();
  expect(await readdir(folder.file('second'))).toEqual([]);
});

test('a source that its taker does not want, or that was dropped, is not given', async () => {
  await keep();
  expect(await sources.take(key, folder.file('second'), () => false)).toBeNull();
  await sources.drop(key);
  expect(await sources.take(key, folder.file('second'), always)).toBeNull();
  expect(await sources.list()).toEqual([]);
});

test('the list has the oldest first, and drafts that a crash left too', async () => {
  await mkdir(folder.file('sources/draft-of-a-crash'));
  await utimes(folder.file('sources/draft-of-a-crash'), new Date(0), new Date(0));
  await keep();
  const [draft, kept] = await sources.list();
  expect(draft).toMatchObject({ site: '', externalId: '', sizeBytes: 0, keptAt: new Date(0) });
  expect(kept).toMatchObject({ ...key, sizeBytes: 5 });
  await sources.remove(draft!);
  expect(await sources.list()).toHaveLength(1);
});

test('a cache that was removed by hand is empty, and keeps again', async () => {
  await rm(folder.file('sources'), { recursive: true });
  expect(await sources.list()).toEqual([]);
  await keep();
  expect(await sources.list()).toHaveLength(1);
});
