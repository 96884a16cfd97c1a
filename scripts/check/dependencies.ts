// What comes with our dependencies besides their code: scripts that would run as they are installed, licences, and
// the advisories that we live with (scripts/dependencies.json has the reasons). Whether there are new
// advisories is asked by `npm run audit`, since only a registry knows.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { findBundled } from './bundled.ts';
import type { Needs } from './bundled.ts';

/** The file with our decisions. */
export type Decisions = {
  /** By name, or by scope as `@scope/*`: whether and where the script is run, and what for. */
  readonly installScripts: Readonly<Record<string, string>>;
  /** SPDX identifiers. */
  readonly licences: readonly string[];
  readonly advisories: readonly Advisory[];
};

/** One that we know of and live with, for a while. */
export type Advisory = {
  /** `GHSA-…`. */
  readonly id: string;
  readonly package: string;
  readonly reason: string;
  /** The last day, as `YYYY-MM-DD`. */
  readonly until: string;
};

type LockEntry = Needs & {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
};

export type Dependency = {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression; null where neither lock file nor package says it. */
  readonly licence: string | null;
  /** Those of other platforms are not. */
  readonly isInstalled: boolean;
  /** `pages`: no process loads it, browsers do. */
  readonly use: 'production' | 'pages' | 'development';
  readonly hasInstallScript: boolean;
};

/** Every locked package. */
export async function listDependencies(root: string): Promise<Dependency[]> {
  const lock = JSON.parse(await readFile(`${root}/package-lock.json`, 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  const bundled = await findBundled(root, lock.packages);
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
  return Promise.all(
    entries.map(async ([path, entry]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version ?? '',
      licence: entry.license ?? (await readLicence(`${root}/${path}/package.json`)),
      isInstalled: existsSync(`${root}/${path}`),
      use: entry.dev !== true ? 'production' : bundled.has(path) ? 'pages' : 'development',
      hasInstallScript: entry.hasInstallScript === true,
    })),
  );
}

/** Every undecided script and licence, and every decision that is over or about nothing, one sentence each. */
export async function findDependencyFaults(
  root: string,
  now = new Date(),
): Promise<{ faults: string[]; seen: string }> {
  const decisions = await readDecisions(root);
  const { installScripts, licences, advisories } = decisions;
  const dependencies = await listDependencies(root);
  const withScripts = dependencies.filter(({ hasInstallScript }) => hasInstallScript);
  const decided = (name: string) =>
    Object.keys(installScripts).find((each) => matches(each, name)) !== undefined;
  const npmrc = await readFile(`${root}/.npmrc`, 'utf8');
  const today = now.toISOString().slice(0, 10);
  const faults = [
    ...(/^ignore-scripts=true$/mu.test(npmrc)
      ? []
      : ['.npmrc: say ignore-scripts=true, so that no package runs anything by itself.']),
    ...withScripts
      .filter(({ name }) => !decided(name))
      .map(({ name }) => `${name} has an install script; decide in scripts/dependencies.json.`),
    ...Object.keys(installScripts)
      .filter((each) => !withScripts.some(({ name }) => matches(each, name)))
      .map((each) => `scripts/dependencies.json: ${each} has no install script any more.`),
    ...dependencies.flatMap(({ name, licence, isInstalled }) => {
      if (licence === null) {
        return isInstalled ? [`${name} says no licence: nobody may use it; take another.`] : [];
      }
      return isAllowed(licence, licences)
        ? []
        : [`${name} is under ${licence}; decide in scripts/dependencies.json.`];
    }),
    ...advisories
      .filter(({ until }) => until < today)
      .map(({ id, until }) => `scripts/dependencies.json: ${id} was lived with until ${until}.`),
  ];
  const known = dependencies.filter(({ licence }) => licence !== null).length;
  return {
    faults,
    seen: `${dependencies.length} packages, ${withScripts.length} install scripts, ${known} licences`,
  };
}

export async function readDecisions(root: string): Promise<Decisions> {
  return JSON.parse(await readFile(`${root}/scripts/dependencies.json`, 'utf8')) as Decisions;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** `(A OR B)` needs one of them, `(A AND B)` both; deeper expressions have not been met. */
function isAllowed(licence: string, allowed: readonly string[]): boolean {
  const names = licence.replaceAll(/[()]/gu, '').split(/ (?:OR|AND) /u);
  const isFine = (name: string) => allowed.includes(name);
  return licence.includes(' AND ') ? names.every(isFine) : names.some(isFine);
}

async function readLicence(file: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const { license } = JSON.parse(text) as { license?: string | { type?: string } };
  return (typeof license === 'object' ? license.type : license) ?? null;
}
