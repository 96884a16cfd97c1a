import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createStorage } from '../../src/storage.ts';
import type { FileKey, Storage } from '../../src/storage.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';

let folder: Folder;
let storage: Storage;
beforeEach(async () => {
  folder = await openFolder();
  storage = await createStorage(folder.path);
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const newKey = (): FileKey => ({ jobId: randomUUID(), attempt: 1 });

async function publish(key: FileKey, content = 'sound'): Promise<{ sizeBytes: number }> {
  await using work = await storage.openWorkFolder(key);
  const file = join(work.path, 'tagged.mp3');
  await writeFile(file, content);
  return await storage.publish(file, key);
}

async function readArtifact(key: FileKey): Promise<string | null> {
  await using handle = await storage.openArtifact(key);
  return handle && (await handle.readFile('utf8'));
}

/** Everything under the folder but folders, by path. */
async function files(): Promise<string[]> {
  const entries = await readdir(folder.path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

test('the folders are made for this user alone', async () => {
  for (const name of ['work', 'store', 'sources', 'standby']) {
    expect((await stat(folder.file(name))).mode & 0o777).toBe(0o700);
  }
});

test('a store that is there already is taken over', async () => {
  const key = newKey();
  await publish(key);
  const again = await createStorage(folder.path);
  expect(await again.hasArtifact(key)).toBe(true);
});

describe('the folder of a tool that waits', () => {
  test('becomes that of an attempt, with the tool in it', async () => {
    await using standby = await storage.openStandbyFolder();
    expect((await stat(standby.path)).mode & 0o777).toBe(0o700);
    await using work = await storage.openWorkFolder(newKey());
    await writeFile(join(standby.path, 'brought along'), '');
    await rename(standby.path, work.path);
    expect(await readdir(work.path)).toEqual(['brought along']);
  });

  test('goes when it is not wanted; one that a killed process left goes with the next', async () => {
    const left = await storage.openStandbyFolder();
    const old = new Date(Date.now() - 11 * 60 * 1_000);
    await utimes(left.path, old, old);
    const waiting = await storage.openStandbyFolder();
    await using next = await storage.openStandbyFolder();
    await writeFile(join(next.path, 'deep'), '');
    const names = await readdir(folder.file('standby'));
    expect(names.toSorted()).toEqual([waiting, next].map(({ path }) => basename(path)).toSorted());
    await waiting[Symbol.asyncDispose]();
    expect(await readdir(folder.file('standby'))).toEqual([basename(next.path)]);
  });
});

describe('a work folder', () => {
  test("is the attempt's own and goes with all that is in it", async () => {
    const key = newKey();
    {
      await using work = await storage.openWorkFolder(key);
      await mkdir(join(work.path, 'deep'));
      await writeFile(join(work.path, 'deep', 'part.webm'), 'x');
      await using other = await storage.openWorkFolder({ ...key, attempt: 2 });
      expect(other.path).not.toBe(work.path);
    }
    expect(await readdir(folder.file('work'))).toEqual([]);
  });

  test('has the growing MP3 beside it, where no tool can put a link in its place', async () => {
    await using work = await storage.openWorkFolder(newKey());
    expect(dirname(work.mp3Path)).toBe(dirname(work.path));
  });

  test('begins empty, also where a crash left one', async () => {
    const key = newKey();
    const crashed = await storage.openWorkFolder(key);
    await writeFile(join(crashed.path, 'half.webm'), 'x');
    await using work = await storage.openWorkFolder(key);
    expect(await readdir(work.path)).toEqual([]);
  });
});

describe('publishing', () => {
  test('answers size and hash of what callers will read', async () => {
    const key = newKey();
    expect(await publish(key, 'the sound')).toEqual({
      sizeBytes: 9,
      sha256: createHash('sha256').update('the sound').digest('hex'),
    });
    expect(await readArtifact(key)).toBe('the sound');
  });

  test('moves the file: it is never there twice, and never half', async () => {
    const key = newKey();
    await using work = await storage.openWorkFolder(key);
    const file = join(work.path, 'tagged.mp3');
    await writeFile(file, 'sound');
    const { ino } = await stat(file);
    await storage.publish(file, key);
    const [stored, ...more] = await files();
    expect(more).toEqual([]);
    expect((await stat(stored!)).ino).toBe(ino);
  });

  test('calls the file by job and attempt, whatever the title', async () => {
    const key = newKey();
    await publish(key);
    const [stored] = await files();
    expect(stored).toBe(
      folder.file(join('store', key.jobId.slice(-2), `${key.jobId}.${key.attempt}.mp3`)),
    );
  });

  test('of one attempt leaves the file of another alone', async () => {
    const key = newKey();
    await publish(key, 'first');
    await publish({ ...key, attempt: 2 }, 'second');
    await storage.removeArtifact(key);
    expect(await readArtifact(key)).toBeNull();
    expect(await readArtifact({ ...key, attempt: 2 })).toBe('second');
  });

  test('of a file that is not there fails, and publishes nothing', async () => {
    const key = newKey();
    await expect(storage.publish(folder.file('missing.mp3'), key)).rejects.toThrow('ENOENT');
    expect(await storage.hasArtifact(key)).toBe(false);
  });
});

test('an MP3 that is not there is no error: neither to open, nor to look for, nor to remove', async () => {
  const key = newKey();
  expect(await storage.openArtifact(key)).toBeNull();
  expect(await storage.hasArtifact(key)).toBe(false);
  await expect(storage.removeArtifact(key)).resolves.toBeUndefined();
});

test('a link in the place of an MP3 is none, and is not followed', async () => {
  const key = newKey();
  await publish(key, 'sound');
  const [stored = ''] = await files();
  await rename(stored, folder.file('elsewhere'));
  await symlink(folder.file('elsewhere'), stored);
  expect(await storage.hasArtifact(key)).toBe(false);
  await expect(storage.openArtifact(key)).rejects.toThrow('ELOOP');
});

test('a reader keeps an MP3 that is removed while it is read', async () => {
  const key = newKey();
  await publish(key, 'sound');
  await using handle = (await storage.openArtifact(key))!;
  await storage.removeArtifact(key);
  expect(await handle.readFile('utf8')).toBe('sound');
});

describe('the list for the sweep', () => {
  test('names each work folder and MP3, with its age', async () => {
    const [stored, working] = [newKey(), newKey()];
    await publish(stored);
    await using work = await storage.openWorkFolder(working);
    const anHourAgo = new Date(Date.now() - 3_600_000);
    const path = dirname(work.path);
    await utimes(path, anHourAgo, anHourAgo);
    const listed = await storage.listFiles();
    expect(listed).toHaveLength(2);
    expect(listed).toContainEqual({ ...working, path, isPublished: false, modifiedAt: anHourAgo });
    expect(listed).toContainEqual(expect.objectContaining({ ...stored, isPublished: true }));
  });

  test('leaves out what is not ours', async () => {
    await writeFile(folder.file('work/notes.txt'), 'x');
    await writeFile(folder.file('store/README.mp3'), 'x');
    await mkdir(folder.file('store/ab'));
    expect(await storage.listFiles()).toEqual([]);
  });

  test('is what removing goes by, for folders and files alike', async () => {
    const key = newKey();
    await publish(key);
    const work = await storage.openWorkFolder(newKey());
    await writeFile(join(work.path, 'part.webm'), 'x');
    for (const file of await storage.listFiles()) await storage.removeFile(file);
    expect(await files()).toEqual([]);
    expect(await readdir(folder.file('work'))).toEqual([]);
  });
});
