// Sees to it that yt-dlp, ffmpeg and what the tests run beside are there: fetches youtube-dl-exec's own
// binary, else asks Debian's package manager. Where they are looked for, src/media/tools.ts says. Run by
// scripts/setup.mjs, which reads the note at its next start.

import { accessSync, constants, existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { bundledYtdlp, findTools, missingTools, ToolError } from '../src/media/tools.ts';
import type { Tools } from '../src/media/tools.ts';
import { report, run, Stopped, withProgress } from './progress.mjs';
import { testPrograms } from './testPrograms.ts';

const [mode, noteFile = '', searchHash] = process.argv.slice(2);
const environment = process.env;
const search = {
  ytdlpPath: environment['YTDLP_PATH'] || null,
  ffmpegPath: environment['FFMPEG_PATH'] || null,
  searchPath: environment['PATH'] ?? '',
};
const failedFetchNote = '.cache/yt-dlp-fetch-failed';
const dayMs = 24 * 3600 * 1000;

type Found = { readonly tools: Tools | null; readonly missing: readonly string[] };

async function lookAround(): Promise<Found> {
  const missingForTests = mode === 'test' ? findMissingTestPrograms() : [];
  try {
    return { tools: await findTools(search), missing: missingForTests };
  } catch (error) {
    if (!(error instanceof ToolError) || error.missing.length === 0) throw error;
    return { tools: null, missing: [...error.missing, ...missingForTests] };
  }
}

function findMissingTestPrograms(): string[] {
  return Object.entries(testPrograms)
    .filter(([, names]) => !names.some(isOnPath))
    .map(([debianPackage]) => debianPackage);
}

function isOnPath(name: string): boolean {
  return search.searchPath.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** When the last try failed, in ms since 1970; null when none has. */
async function lastFailedFetch(): Promise<number | null> {
  const text = await readFile(failedFetchNote, 'utf8').catch(() => null);
  return text === null ? null : Number(text);
}

/** Runs youtube-dl-exec's own install script, which asks GitHub; at most one failure a day. */
async function fetchNewestYtdlp(): Promise<void> {
  if (search.ytdlpPath !== null || existsSync(bundledYtdlp)) return;
  const lastFailure = await lastFailedFetch();
  if (lastFailure !== null && Date.now() < lastFailure + dayMs) return;
  const folder = dirname(bundledYtdlp);
  // Not where it belongs before it is whole.
  const draft = `${folder}.new`;
  const script = createRequire(import.meta.url).resolve('youtube-dl-exec/scripts/postinstall.js');
  try {
    await rm(draft, { recursive: true, force: true });
    await withProgress('Fetching the newest yt-dlp', () =>
      run([process.execPath, script], {
        complaint: 'GitHub cannot be reached',
        env: { ...environment, YOUTUBE_DL_DIR: draft, NODE_USE_ENV_PROXY: '1' },
        timeoutMs: 60_000,
      }),
    );
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (error instanceof Stopped) throw error;
    await note(failedFetchNote, String(Date.now()));
    console.log('The newest yt-dlp cannot be had from GitHub today; any other one will do.');
  }
}

async function installPackages(names: readonly string[]): Promise<void> {
  const options = {
    complaint: `${names.join(', ')} cannot be installed: mend what apt-get says below, or install them yourself; then start again.`,
    env: { ...environment, DEBIAN_FRONTEND: 'noninteractive' },
  };
  await using _ = await keepServicesStill();
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...names];
  await withProgress(`Installing ${names.join(', ')} with apt-get`, async () => {
    try {
      await run(install, options);
    } catch {
      // A fresh machine knows no packages yet, an old one too old ones.
      await run(['apt-get', 'update'], options);
      await run(install, options);
    }
  });
}

/** Debian starts a service as it installs it; of nginx only the program is wanted, which the tests start. */
async function keepServicesStill(): Promise<AsyncDisposable> {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  return {
    async [Symbol.asyncDispose]() {
      if (isOurs) await rm(policy, { force: true });
    },
  };
}

/** A note that cannot be written costs time at the next start, no more. */
async function note(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch(() => {});
}

async function main(): Promise<void> {
  await fetchNewestYtdlp();
  let found = await lookAround();
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (found.missing.length > 0 && mayInstall) {
    await installPackages(found.missing);
    found = await lookAround();
  }
  const { tools, missing } = found;
  if (tools === null || missing.length > 0) throw missingTools(missing);

  const lastFailure = search.ytdlpPath === null ? await lastFailedFetch() : null;
  const facts = {
    search: searchHash,
    files: [tools.ytdlp.path, tools.ffmpeg.path, tools.ffmpeg.ffprobePath],
    hasTestPrograms: findMissingTestPrograms().length === 0,
    validUntil: tools.ytdlp.origin !== 'PATH' || lastFailure === null ? null : lastFailure + dayMs,
  };
  await note(noteFile, JSON.stringify(facts));
}

await main().catch(report);
