// A disk without room. Nobody but root can make a small one, so that the file system is the one thing here
// that is not real: mkdir and rename answer as the kernel does. src/storage.ts is loaded after that.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { AttemptFailure } from '../../src/domain/failure.ts';
import type { Storage } from '../../src/storage.ts';

// Not imported: an import would hand out the true functions to everybody in this file.
const fs = process.getBuiltinModule('node:fs/promises');
const { tmpdir } = process.getBuiltinModule('node:os');
const real = { mkdir: fs.mkdir, rename: fs.rename };

let fault: string | null = null;
let folder: string;
let storage: Storage;

function failing<Parameters extends unknown[], Result>(
  syscall: string,
  act: (...parameters: Parameters) => Promise<Result>,
): (...parameters: Parameters) => Promise<Result> {
  return async (...parameters) => {
    if (fault === null) return act(...parameters);
    throw Object.assign(new Error(`${fault}: ${syscall}`), { code: fault, syscall });
  };
}

beforeAll(async () => {
  folder = await fs.mkdtemp(`${tmpdir()}/tapedeck-test-`);
  Object.assign(fs, { mkdir: failing('mkdir', fs.mkdir), rename: failing('rename', fs.rename) });
  const { createStorage } = await import('../../src/storage.ts');
  storage = await createStorage(folder);
});
afterAll(async () => {
  Object.assign(fs, real);
  await fs.rm(folder, { recursive: true });
});

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

async function publishWhen(code: string): Promise<{ error: unknown; isStored: boolean }> {
  const key = { jobId: randomUUID(), attempt: 1 };
  await using work = await storage.openWorkFolder(key);
  await fs.writeFile(`${work.path}/tagged.mp3`, 'sound');
  fault = code;
  const error = await failureOf(storage.publish(`${work.path}/tagged.mp3`, key));
  fault = null;
  return { error, isStored: await storage.hasArtifact(key) };
}

test.each(['ENOSPC', 'EDQUOT'])('publishing on a full disk (%s) is STORAGE_FULL', async (code) => {
  const { error, isStored } = await publishWhen(code);
  expect(error).toMatchObject({ name: 'AttemptFailure', code: 'STORAGE_FULL', facts: { code } });
  expect((error as AttemptFailure).cause).toMatchObject({ code });
  expect(isStored).toBe(false);
});

test('a work folder on a full disk is STORAGE_FULL', async () => {
  fault = 'ENOSPC';
  const opened = storage.openWorkFolder({ jobId: randomUUID(), attempt: 1 });
  expect(await failureOf(opened)).toMatchObject({ code: 'STORAGE_FULL' });
  fault = null;
});

test('another fault of the disk keeps its own name', async () => {
  const { error } = await publishWhen('EROFS');
  expect(error).toMatchObject({ code: 'EROFS' });
  expect(error).not.toHaveProperty('facts');
});
