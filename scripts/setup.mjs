// @ts-check
// All set-up before `npm start`, `npm test` and `npm run check`. It runs on the host's own Node (20 or
// newer) before anything is installed, so it has no dependencies. When all is fresh it only looks at
// files, starts nothing and says nothing: every second start waits for it.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  fetchPrograms,
  installPackages,
  ourNode,
  packagesAreFresh,
  programsAreThere,
} from './packages.mjs';
import { report, run, SetupError, withProgress } from './progress.mjs';
import { withLock } from './setupLock.mjs';

const mode = process.argv[2] ?? 'start';
const toolsNote = '.cache/tools.json';
const pagesStamp = 'web/dist/stamp';

/** In this order: each needs those above it. */
const steps = [
  { isFresh: packagesAreFresh, run: installPackages },
  { isFresh: programsAreThere, run: fetchPrograms },
  { isFresh: toolsAreThere, run: findTools },
  { isFresh: pagesAreFresh, run: buildPages },
].filter(({ run: step }) => mode !== 'check' || step !== findTools);

try {
  process.chdir(fileURLToPath(new URL('..', import.meta.url)));
  if (Number.parseInt(process.versions.node, 10) < 20) {
    throw new SetupError(
      `Tapedeck needs Node 20 or newer: update ${process.version}, then start again.`,
    );
  }
  if (!steps.every((step) => step.isFresh())) {
    await withLock('.cache/setup.lock', async () => {
      for (const step of steps) if (!step.isFresh()) await step.run();
    });
  }
} catch (error) {
  report(error);
}

/** True when what scripts/tools.ts has noted still holds: the same search, and the files are there. */
function toolsAreThere() {
  if (!existsSync(toolsNote)) return false;
  const note = JSON.parse(readFileSync(toolsNote, 'utf8'));
  return (
    note.search === hashSearch() &&
    (note.validUntil === null || note.validUntil > Date.now()) &&
    (mode !== 'test' || note.hasTestPrograms) &&
    note.files.every(existsSync)
  );
}

async function findTools() {
  const environmentFile = existsSync('.env') ? ['--env-file=.env'] : [];
  const program = [...environmentFile, 'scripts/tools.ts', mode, toolsNote, hashSearch()];
  await run([ourNode, ...program], { complaint: '', isShown: true });
}

/** Stands for all that decides which tools are wanted and where they are looked for. */
function hashSearch() {
  const settings = ['PATH', 'YTDLP_PATH', 'FFMPEG_PATH'].map((name) => process.env[name] ?? '');
  return hash(
    ...settings,
    existsSync('.env') ? readFileSync('.env') : '',
    readFileSync('scripts/tools.ts'),
  );
}

function pagesAreFresh() {
  return existsSync(pagesStamp) && readFileSync(pagesStamp, 'utf8') === hashPageSources();
}

async function buildPages() {
  const configs = readdirSync('web')
    .map((page) => `web/${page}/vite.config.ts`)
    .filter((file) => existsSync(file));
  const complaint = 'The pages cannot be built: mend what vite says below, then start again.';
  await withProgress('Building the pages', async () => {
    for (const config of configs) {
      await run([ourNode, 'node_modules/vite/bin/vite.js', 'build', '--config', config], {
        complaint,
      });
    }
  });
  writeFileSync(pagesStamp, hashPageSources());
}

function hashPageSources() {
  const files = readdirSync('web', { recursive: true, encoding: 'utf8' })
    .map((name) => `web/${name}`)
    .filter((file) => !file.startsWith('web/dist') && statSync(file).isFile());
  return hash(...['package-lock.json', ...files].flatMap((file) => [file, readFileSync(file)]));
}

/** @param {(string | Buffer)[]} parts */
function hash(...parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part).update('\0');
  return sum.digest('hex');
}
