import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findDependencyFaults } from '../../../scripts/check/dependencies.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';

let folder: Folder;
beforeEach(async () => {
  folder = await openFolder();
  await mkdir(folder.file('scripts'));
});
afterEach(async () => folder[Symbol.asyncDispose]());

type World = { npmrc?: string; packages?: object; decisions?: object };

/** A project where all is well, but for what is given. */
async function faultsOf({ npmrc = 'ignore-scripts=true\n', packages = {}, decisions = {} }: World) {
  const known = { 'node_modules/builds': { license: 'MIT', hasInstallScript: true } };
  await writeFile(folder.file('.npmrc'), npmrc);
  await writeFile(
    folder.file('package-lock.json'),
    JSON.stringify({ packages: { '': {}, ...known, ...packages } }),
  );
  await writeFile(
    folder.file('scripts/dependencies.json'),
    JSON.stringify({
      ...{ installScripts: { builds: 'never run' }, licences: ['MIT', 'ISC'], advisories: [] },
      ...decisions,
    }),
  );
  return (await findDependencyFaults(folder.path, new Date('2026-11-26'))).faults;
}

test('a project where all is decided has no fault', async () => {
  expect(await faultsOf({})).toEqual([]);
});

test('an install script that nobody has decided about is one', async () => {
  const packages = { 'node_modules/a/node_modules/@x/evil': { hasInstallScript: true } };
  expect(await faultsOf({ packages })).toEqual([
    '@x/evil has an install script; decide in scripts/dependencies.json.',
  ]);
  const installScripts = { builds: 'never run', '@x/*': 'never run' };
  expect(await faultsOf({ packages, decisions: { installScripts } })).toEqual([]);
});

test('so are scripts that npm would run by itself', async () => {
  expect(await faultsOf({ npmrc: '# ignore-scripts=true\n' })).toHaveLength(1);
});

test('so is a licence that is not on the list; of a choice one has to be, of a sum all', async () => {
  const under = (license: string) => faultsOf({ packages: { 'node_modules/a': { license } } });
  expect(await under('AGPL-3.0')).toEqual([
    'a is under AGPL-3.0; decide in scripts/dependencies.json.',
  ]);
  expect(await under('(MIT OR AGPL-3.0)')).toEqual([]);
  expect(await under('(MIT AND AGPL-3.0)')).toHaveLength(1);
});

test('so is what is installed and says none; what another platform needs may wait', async () => {
  const packages = { 'node_modules/a': {} };
  expect(await faultsOf({ packages })).toEqual([]);
  await mkdir(folder.file('node_modules/a'), { recursive: true });
  expect(await faultsOf({ packages })).toEqual([
    'a says no licence: nobody may use it; take another.',
  ]);
});

test('so is a decision that is over, or about nothing', async () => {
  const advisory = { id: 'GHSA-1', package: 'a', reason: 'not reached', until: '2026-11-25' };
  expect(await faultsOf({ decisions: { advisories: [advisory] } })).toEqual([
    'scripts/dependencies.json: GHSA-1 was lived with until 2026-11-25.',
  ]);
  const installScripts = { builds: 'never run', gone: 'never run' };
  expect(await faultsOf({ decisions: { installScripts } })).toEqual([
    'scripts/dependencies.json: gone has no install script any more.',
  ]);
});
