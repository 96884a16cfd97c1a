// Downloaded sources, kept beside the work folders until their job is through: a retry starts from them and not
// from the network. Hard links cost no room while the attempt runs. It is a cache: whatever is missing, cut
// short or not as noted is simply not there. When to keep and when to drop is for its callers to say.

import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { nullWhenMissing } from '../domain/fileFaults.ts';
import { sha256Of } from '../plainFile.ts';

export type SourceKey = { readonly site: string; readonly externalId: string };

/** What is known of a kept source. `about` is whatever its keeper wants back, as JSON. */
type Note = SourceKey & {
  readonly version: typeof noteVersion;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly coverName: string | null;
  readonly about: unknown;
};

export type TakenSource = {
  readonly audioPath: string;
  readonly coverPath: string | null;
  readonly about: unknown;
};

export type KeptSource = SourceKey & {
  readonly path: string;
  readonly sizeBytes: number;
  readonly keptAt: Date;
};

export type KeptSources = {
  /** Keeps the files as they are now; they may be removed from where they are. Throws what the system says. */
  keep(
    key: SourceKey,
    files: { readonly audioPath: string; readonly coverPath: string | null },
    about: unknown,
  ): Promise<void>;
  /**
   * Links the files into the folder; null, and the folder as it was, unless they are there, wanted, and whole to
   * the last bit.
   */
  take(
    key: SourceKey,
    folder: string,
    isWanted: (about: unknown) => boolean,
  ): Promise<TakenSource | null>;
  drop(key: SourceKey): Promise<void>;
  /** All that there are, the oldest first. What is no kept source is given with an empty key. */
  list(): Promise<KeptSource[]>;
  remove(source: KeptSource): Promise<void>;
};

/** A note of another version is none. */
const noteVersion = 1;
const noteName = 'note.json';
const audioName = 'source';

/** In `root`, which has to be on the file system of the work folders. */
export function keptSources(root: string): KeptSources {
  // Nothing of a site's or a caller's text may become a path.
  const folderOf = ({ site, externalId }: SourceKey) =>
    join(root, createHash('sha256').update(`${site}\0${externalId}`).digest('hex').slice(0, 40));
  const removeFolder = (path: string) => rm(path, { recursive: true, force: true });

  return {
    async keep(key, { audioPath, coverPath }, about) {
      const draft = join(root, `draft-${randomUUID()}`);
      await mkdir(draft, { recursive: true, mode: 0o700 });
      try {
        await link(audioPath, join(draft, audioName));
        const coverName = coverPath === null ? null : basename(coverPath);
        if (coverPath !== null) await link(coverPath, join(draft, basename(coverPath)));
        const { size } = await stat(audioPath);
        const note: Note = {
          ...{ site: key.site, externalId: key.externalId, version: noteVersion },
          ...{ sizeBytes: size, sha256: await sha256Of(audioPath), coverName, about },
        };
        await writeFile(join(draft, noteName), JSON.stringify(note));
        const folder = folderOf(key);
        await removeFolder(folder);
        await rename(draft, folder);
      } catch (error) {
        await removeFolder(draft);
        throw error;
      }
    },
    async take(key, folder, isWanted) {
      const kept = folderOf(key);
      const note = await readNote(kept);
      if (note === null || !isWanted(note.about)) return null;
      const audioPath = join(folder, audioName);
      const coverPath = note.coverName === null ? null : join(folder, note.coverName);
      try {
        await link(join(kept, audioName), audioPath);
        if (coverPath !== null) await link(join(kept, basename(coverPath)), coverPath);
        if (await isWhole(audioPath, note)) return { audioPath, coverPath, about: note.about };
        await removeFolder(kept);
      } catch {
        // Dropped in the meantime by another job of the same source.
      }
      // yt-dlp would take a file of this name for a finished download.
      await rm(audioPath, { force: true });
      if (coverPath !== null) await rm(coverPath, { force: true });
      return null;
    },
    async drop(key) {
      await removeFolder(folderOf(key));
    },
    async list() {
      // It may have been emptied by hand, root and all.
      const names = (await readdir(root).catch(nullWhenMissing)) ?? [];
      const found = await Promise.all(names.map((name) => describe(join(root, name))));
      return found
        .filter((source) => source !== null)
        .toSorted((a, b) => a.keptAt.getTime() - b.keptAt.getTime());
    },
    async remove({ path }) {
      await removeFolder(path);
    },
  };
}

async function describe(path: string): Promise<KeptSource | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  const note = await readNote(path);
  const { site = '', externalId = '', sizeBytes = 0 } = note ?? {};
  return { site, externalId, sizeBytes, path, keptAt: found.mtime };
}

async function readNote(folder: string): Promise<Note | null> {
  try {
    const note = JSON.parse(await readFile(join(folder, noteName), 'utf8')) as Note;
    return note.version === noteVersion ? note : null;
  } catch {
    return null;
  }
}

async function isWhole(path: string, { sizeBytes, sha256 }: Note): Promise<boolean> {
  return (await stat(path)).size === sizeBytes && (await sha256Of(path)) === sha256;
}
