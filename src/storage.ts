// The folders under DATA_DIR: scratch space for each attempt and for tools that wait for one, kept sources, and the store
// of published MP3s. Files are called by job and attempt; titles never reach the file system. It knows no database.

import type { Dirent } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { nullWhenMissing, refuseWhenFull } from './domain/fileFaults.ts';
import { isPlainFile, openPlainFile, sha256Of } from './plainFile.ts';
import { openGrowingMp3 } from './storage/growingMp3.ts';
import type { GrowingMp3 } from './storage/growingMp3.ts';
import { keptSources } from './storage/keptSources.ts';
import type { KeptSources } from './storage/keptSources.ts';

/** Names the files of one attempt at one job. */
export type FileKey = { readonly jobId: string; readonly attempt: number };

/** A folder of the attempt's own; disposing removes it with all that is in it. */
export type WorkFolder = AsyncDisposable & {
  /** Where the tools work, and the one place that they may write to. */
  readonly path: string;
  /** Where the MP3 grows, out of the tools' reach: listeners are given it meanwhile. */
  readonly mp3Path: string;
};

/** Disposing removes what is still there of it. */
export type StandbyFolder = AsyncDisposable & { readonly path: string };

export type LeftoverFile = FileKey & {
  readonly path: string;
  /** An MP3 of the store, and not the folder of an attempt. */
  readonly isPublished: boolean;
  readonly modifiedAt: Date;
};

export type Storage = {
  /** Downloads that a retry may start from. */
  readonly sources: KeptSources;
  openWorkFolder(key: FileKey): Promise<WorkFolder>;
  /** For a tool that waits: an empty folder that can be renamed into a work folder. Removes what others left behind. */
  openStandbyFolder(): Promise<StandbyFolder>;
  /** Moves a finished file into the store in one step. Throws AttemptFailure STORAGE_FULL. */
  publish(file: string, key: FileKey): Promise<{ sizeBytes: number; sha256: string }>;
  /** Opens an MP3 for reading; null when it is not there. The caller closes it. */
  openArtifact(key: FileKey): Promise<FileHandle | null>;
  /** Whether an attempt under way has begun its MP3, here: another machine's disk may hold it. */
  isGrowing(key: FileKey): Promise<boolean>;
  /** Opens the MP3 of an attempt under way; null when it is not there. The caller closes it. */
  openGrowing(key: FileKey): Promise<GrowingMp3 | null>;
  /** False too when something else is in its place: a link would lead to a file that is not ours to serve. */
  hasArtifact(key: FileKey): Promise<boolean>;
  removeArtifact(key: FileKey): Promise<void>;
  /** Every work folder and MP3 there is, for the sweep to judge. */
  listFiles(): Promise<LeftoverFile[]>;
  removeFile(file: LeftoverFile): Promise<void>;
  /** Does with an empty file what `publish` does with an MP3; fails as that would. */
  rehearse(): Promise<void>;
  /** The file system that holds them all; `freeBytes` is what we may still write. */
  measureDisk(): Promise<{ freeBytes: number; totalBytes: number }>;
};

/** Twice as long as any tool waits. */
const standbyLeftAfterMs = 10 * 60 * 1_000;

const jobIdPattern = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const namePattern = new RegExp(`^(${jobIdPattern})\\.(\\d+)(\\.mp3)?$`);

/** Makes the folders when they are missing. */
export async function createStorage(dataFolder: string): Promise<Storage> {
  const workRoot = join(dataFolder, 'work');
  const storeRoot = join(dataFolder, 'store');
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  await mkdir(storeRoot, { recursive: true, mode: 0o700 });
  const standbyRoot = join(dataFolder, 'standby');
  await mkdir(standbyRoot, { recursive: true, mode: 0o700 });
  const sourcesRoot = join(dataFolder, 'sources');
  await mkdir(sourcesRoot, { recursive: true, mode: 0o700 });

  // The last byte of a UUIDv7 is random, so the MP3s spread evenly over 256 folders.
  const workPath = ({ jobId, attempt }: FileKey) => join(workRoot, `${jobId}.${attempt}`);
  const growingPath = (key: FileKey) => join(workPath(key), 'sound.mp3');
  const artifactPath = ({ jobId, attempt }: FileKey) =>
    join(storeRoot, jobId.slice(-2), `${jobId}.${attempt}.mp3`);

  return {
    sources: keptSources(sourcesRoot),
    async openWorkFolder(key) {
      const path = workPath(key);
      const remove = () => rm(path, { recursive: true, force: true });
      await remove();
      const toolsPath = join(path, 'tools');
      await mkdir(toolsPath, { recursive: true, mode: 0o700 }).catch(refuseWhenFull);
      // What cannot be removed now, the sweep removes; it must not hide how the attempt ended.
      return {
        path: toolsPath,
        mp3Path: growingPath(key),
        [Symbol.asyncDispose]: () => remove().catch(() => {}),
      };
    },
    async openStandbyFolder() {
      await removeOlder(standbyRoot, standbyLeftAfterMs);
      const path = await mkdtemp(join(standbyRoot, 'tool-'));
      const remove = () => rm(path, { recursive: true, force: true }).catch(() => {});
      return { path, [Symbol.asyncDispose]: remove };
    },
    async publish(file, key) {
      const path = artifactPath(key);
      const sha256 = await sha256Of(file);
      const { size } = await stat(file);
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await flush(file);
        await rename(file, path);
        await flush(dirname(path));
      } catch (error) {
        refuseWhenFull(error);
      }
      return { sizeBytes: size, sha256 };
    },
    async openArtifact(key) {
      return openPlainFile(artifactPath(key)).catch(nullWhenMissing);
    },
    async isGrowing(key) {
      return (await stat(growingPath(key)).catch(nullWhenMissing)) !== null;
    },
    openGrowing: (key) => openGrowingMp3(growingPath(key), artifactPath(key)),
    hasArtifact: (key) => isPlainFile(artifactPath(key)),
    async removeArtifact(key) {
      await rm(artifactPath(key), { force: true });
    },
    async listFiles() {
      const work = await readdir(workRoot, { withFileTypes: true });
      const store = await readdir(storeRoot, { withFileTypes: true, recursive: true });
      const files = await Promise.all([...work, ...store].map(describe));
      return files.filter((file) => file !== null);
    },
    async removeFile({ path }) {
      await rm(path, { recursive: true, force: true });
    },
    async rehearse() {
      const name = `rehearsal-${process.pid}`;
      const [from, to] = [join(workRoot, name), join(storeRoot, name)];
      try {
        await writeFile(from, 'x', { flush: true });
        await rename(from, to);
      } finally {
        await rm(from, { force: true });
        await rm(to, { force: true });
      }
    },
    async measureDisk() {
      const { bavail, blocks, bsize } = await statfs(workRoot);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
  };
}

async function describe(entry: Dirent): Promise<LeftoverFile | null> {
  const [, jobId, attempt, extension] = namePattern.exec(entry.name) ?? [];
  if (jobId === undefined) return null;
  const path = join(entry.parentPath, entry.name);
  const found = await lstat(path).catch(nullWhenMissing);
  const isPublished = extension !== undefined;
  return found && { jobId, attempt: Number(attempt), path, isPublished, modifiedAt: found.mtime };
}

/** What cannot be removed is somebody else's to remove, or the next time's. */
async function removeOlder(root: string, ageMs: number): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs <= ageMs) continue;
    await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** Without it, a power cut could leave a name in the store with nothing behind it. */
async function flush(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
