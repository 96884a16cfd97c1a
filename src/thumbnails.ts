// The small pictures of jobs, under DATA_DIR: one a job, whichever attempt made it. What no job has any more,
// the sweep removes (src/services/upkeep.ts). It knows no database.

import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { nullWhenMissing } from './domain/fileFaults.ts';
import { isPlainFile, openPlainFile } from './plainFile.ts';

export type StoredThumbnail = { readonly jobId: string; readonly modifiedAt: Date };

export type Thumbnails = {
  /** Stores a JPEG in one step, in the place of an earlier one. */
  put(jobId: string, picture: Buffer): Promise<void>;
  /** Null when it is not there, or something else is in its place. */
  read(jobId: string): Promise<Buffer | null>;
  remove(jobId: string): Promise<void>;
  list(): Promise<StoredThumbnail[]>;
};

const namePattern = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jpg(?:\.part)?$/;

/** Makes the folder when it is missing. */
export async function createThumbnails(dataFolder: string): Promise<Thumbnails> {
  const root = join(dataFolder, 'thumbnails');
  await mkdir(root, { recursive: true, mode: 0o700 });
  const pathOf = (jobId: string) => join(root, jobId.slice(-2), `${jobId}.jpg`);

  return {
    async put(jobId, picture) {
      const path = pathOf(jobId);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}.part`, picture);
      await rename(`${path}.part`, path);
    },
    async read(jobId) {
      const path = pathOf(jobId);
      if (!(await isPlainFile(path))) return null;
      await using file = await openPlainFile(path).catch(nullWhenMissing);
      return file && (await file.readFile());
    },
    async remove(jobId) {
      await rm(pathOf(jobId), { force: true });
      await rm(`${pathOf(jobId)}.part`, { force: true });
    },
    async list() {
      const entries = await readdir(root, { withFileTypes: true, recursive: true });
      const found = await Promise.all(
        entries.map(async ({ parentPath, name }) => {
          const jobId = namePattern.exec(name)?.[1];
          const file = jobId && (await stat(join(parentPath, name)).catch(nullWhenMissing));
          return jobId && file ? { jobId, modifiedAt: file.mtime } : null;
        }),
      );
      return found.filter((thumbnail) => thumbnail !== null);
    },
  };
}
