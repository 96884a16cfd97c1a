// The versions of yt-dlp that Tapedeck fetched itself, a folder each, and two links: the one in use and the one
// before. A switch is one rename, so that whoever looks sees one or the other. A run that has begun keeps its
// program: only what is neither is removed.

import { chmod, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export type YtdlpVersions = {
  /** The version in use; null while it is the one that was installed with Tapedeck. */
  current(): Promise<string | null>;
  /** What a step back leads to: null is the installed one. */
  previous(): Promise<string | null>;
  pathOf(version: string): string;
  /** Puts the program where it can be tried; nobody uses it yet. */
  install(version: string, program: Buffer): Promise<string>;
  /** From the next run on. */
  use(version: string): Promise<void>;
  /** Back to the one before, for good: there is no second step. */
  goBack(): Promise<void>;
  remove(version: string): Promise<void>;
};

/** Below DATA_DIR. */
export const versionsFolder = (dataFolder: string) => join(dataFolder, 'tools', 'yt-dlp');

const names = { current: 'current', previous: 'previous' } as const;

export function ytdlpVersions(root: string): YtdlpVersions {
  const read = async (name: string) =>
    readlink(join(root, name)).then(
      (target) => basename(target),
      () => null,
    );
  const point = async (name: string, version: string | null) => {
    if (version === null) return rm(join(root, name), { force: true });
    const draft = join(root, `${name}.${process.pid}`);
    await rm(draft, { force: true });
    await symlink(version, draft);
    await rename(draft, join(root, name));
  };
  const removeOthers = async (kept: readonly (string | null)[]) => {
    for (const name of await readdir(root)) {
      if (/^\d/.test(name) && !kept.includes(name)) {
        await rm(join(root, name), { recursive: true, force: true });
      }
    }
  };
  const versions: YtdlpVersions = {
    current: () => read(names.current),
    previous: () => read(names.previous),
    pathOf: (version) => join(root, version, 'yt-dlp'),
    async install(version, program) {
      await mkdir(join(root, version), { recursive: true, mode: 0o755 });
      const path = versions.pathOf(version);
      await writeFile(`${path}.new`, program, { flush: true });
      await chmod(`${path}.new`, 0o755);
      await rename(`${path}.new`, path);
      return path;
    },
    async use(version) {
      const before = await versions.current();
      await point(names.previous, before);
      await point(names.current, version);
      await removeOthers([version, before]);
    },
    async goBack() {
      await point(names.current, await versions.previous());
      await point(names.previous, null);
    },
    async remove(version) {
      await rm(join(root, version), { recursive: true, force: true });
    },
  };
  return versions;
}
