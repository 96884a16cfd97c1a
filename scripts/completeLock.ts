// Adds to package-lock.json what `npm install` leaves out: the optional packages of other platforms
// (https://github.com/npm/cli/issues/4828). `npm ci` refuses a lock file that lacks one of them.
// It installs nothing and knows no integrity: only npm on such a platform ever asks for the package.
import { readFile, writeFile } from 'node:fs/promises';

type Entry = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
/** A lock file; the keys of `packages` are folders like `node_modules/a/node_modules/b`, "" the first. */
export type LockFile = { readonly packages: Readonly<Record<string, Entry>> };

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];
const libraries: Readonly<Record<string, string>> = { gnu: 'glibc', musl: 'musl' };

/** What is missing, by folder. The platform is read from the name, as all such packages spell it. */
export function findMissingOptionals({ packages }: LockFile): Record<string, Entry> {
  const missing: Record<string, Entry> = {};
  for (const [folder, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const isLocked = foldersAbove(folder).some(
        (above) => `${above}node_modules/${name}` in packages,
      );
      if (isLocked) continue;
      const words = name.split(/[-/]/u);
      const library = libraries[words.at(-1) ?? ''];
      missing[`node_modules/${name}`] = {
        version,
        cpu: processors.filter((processor) => words.includes(processor)),
        ...(dev === true && { dev }),
        ...(library !== undefined && { libc: [library] }),
        optional: true,
        os: systems.filter((system) => words.includes(system)),
      };
    }
  }
  return missing;
}

/** Where Node would look for a package's dependency, the nearest first. */
function foldersAbove(folder: string): string[] {
  const parts = folder.split('/node_modules/');
  const folders = parts.map((_, index) =>
    parts.slice(0, parts.length - index).join('/node_modules/'),
  );
  return [...folders.map((above) => `${above}/`), ''];
}

if (import.meta.main) {
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as LockFile;
  const missing = findMissingOptionals(lock);
  const packages = Object.entries({ ...lock.packages, ...missing }).toSorted(([a], [b]) =>
    a.localeCompare(b, 'en'),
  );
  const completed = { ...lock, packages: Object.fromEntries(packages) };
  await writeFile('package-lock.json', `${JSON.stringify(completed, null, 2)}\n`);
  console.log(`Added ${Object.keys(missing).length} optional packages of other platforms.`);
}
