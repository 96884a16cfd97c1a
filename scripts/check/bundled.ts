// Which packages the pages carry to browsers: what `web/` imports, and all that this depends on, which is more than the
// bundler keeps. For lock files they are for development, since no process of ours loads them.

import { glob, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** As much of a lock file's entry as says what a package stands on. */
export type Needs = {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

/** Their places in package-lock.json, such as `node_modules/preact`. */
export async function findBundled(
  root: string,
  packages: Readonly<Record<string, Needs>>,
): Promise<Set<string>> {
  const bundled = new Set<string>();
  const add = (name: string, from: string): void => {
    const place = placeOf(name, from, packages);
    // A peer that is optional, or for another platform.
    if (place === null || bundled.has(place)) return;
    bundled.add(place);
    const { dependencies = {}, peerDependencies = {} } = packages[place] ?? {};
    for (const each of Object.keys({ ...dependencies, ...peerDependencies })) add(each, place);
  };
  for (const name of await findImports(root)) add(name, '');
  return bundled;
}

/** The nearest one, as Node looks for it. */
function placeOf(
  name: string,
  from: string,
  packages: Readonly<Record<string, unknown>>,
): string | null {
  let folder = from;
  for (;;) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (place in packages) return place;
    if (folder === '') return null;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')));
  }
}

const importPattern = /(?:from|import) '((?:@[^'/]+\/)?[^'./@][^'/:]*)(?:\/[^']*)?'/gu;

/** Packages that the pages' sources name; what builds them is no part of them. */
async function findImports(root: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const path of glob('web/*/**/*.{ts,tsx,css}', { cwd: root })) {
    if (path.endsWith('vite.config.ts') || dirname(path).includes('/dist/')) continue;
    const text = await readFile(`${root}/${path}`, 'utf8');
    for (const [, name = ''] of text.matchAll(importPattern)) names.add(name);
  }
  return names;
}
