// A checkout for set-up: the real scripts, a small lock file, and around them a machine whose npm, apt-get and
// GitHub are played. What they are asked is written down.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testPrograms } from '../../scripts/testPrograms.ts';
import { openFolder } from './folder.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

export type Checkout = AsyncDisposable & {
  /** Starts set-up. */
  readonly setUp: (mode?: string, settings?: Readonly<Record<string, string>>) => SetUp;
  /** Everything that npm, apt-get and the others were asked so far, a line each. */
  readonly askedFor: () => Promise<string[]>;
  /** Makes a program of the machine; JavaScript, with `arguments_` and `root` at hand. */
  readonly addProgram: (name: string, source: string) => Promise<void>;
  readonly file: (name: string) => string;
};
export type SetUp = {
  /** What it wrote so far. */
  readonly output: () => string;
  readonly ended: Promise<{ exitCode: number | null; output: string }>;
};

const lockFile = (version: string) =>
  JSON.stringify({ packages: { '': {}, 'node_modules/a': { version } } });

/** Changes a version in the lock file. */
export async function lock(checkout: Checkout, version: string): Promise<void> {
  await writeFile(checkout.file('package-lock.json'), lockFile(version));
}

export async function openCheckout(): Promise<Checkout> {
  const folder = await openFolder();
  const write = async (name: string, text: string) => {
    await mkdir(dirname(folder.file(name)), { recursive: true });
    await writeFile(folder.file(name), text, { mode: 0o755 });
  };
  const addProgram = async (name: string, source: string) => {
    const prelude = [
      `#!${process.execPath}`,
      `const fs = require('node:fs');`,
      `const [, , ...arguments_] = process.argv;`,
      `const root = ${JSON.stringify(folder.path)};`,
      `fs.appendFileSync(root + '/asked', [${JSON.stringify(name)}, ...arguments_].join(' ') + '\\n');`,
    ];
    await write(`machine/${name}`, [...prelude, source].join('\n'));
  };
  await cp(join(project, 'scripts'), folder.file('scripts'), { recursive: true });
  for (const module of ['tools.ts', 'ytdlpVersions.ts']) {
    await cp(join(project, 'src/media', module), folder.file(`src/media/${module}`));
  }
  await write('package.json', '{"type":"module"}');
  await write('machine/package.json', '{"type":"commonjs"}');
  await write('package-lock.json', lockFile('1.0.0'));
  await write('web/page/main.tsx', '');
  await write('web/page/vite.config.ts', '');
  await write('asked', '');
  await addProgram('npm', playedNpm);
  await addProgram('yt-dlp', `console.log('2026.01.31')`);
  await addProgram('ffmpeg', `console.log('ffmpeg version 7.1 Copyright')`);
  await addProgram('ffprobe', '');
  for (const [name] of Object.values(testPrograms)) await addProgram(name, '');
  await symlink('/bin/sh', folder.file('machine/sh'));
  const groups: number[] = [];
  return {
    addProgram,
    file: folder.file,
    askedFor: async () => (await readFile(folder.file('asked'), 'utf8')).split('\n').slice(0, -1),
    setUp(mode = 'start', settings = {}) {
      const child = spawn(process.execPath, ['scripts/setup.mjs', mode], {
        cwd: folder.path,
        env: {
          PATH: folder.file('machine'),
          YOUTUBE_DL_DIR: folder.file('bundled'),
          YOUTUBE_DL_FETCH: 'fails',
          ...settings,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      if (child.pid !== undefined) groups.push(child.pid);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      }
      const ended = once(child, 'close').then(([exitCode]) => ({
        exitCode: exitCode as number | null,
        output,
      }));
      return { output: () => output, ended };
    },
    async [Symbol.asyncDispose]() {
      for (const group of groups) killGroup(group);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A test that failed may have left a set-up waiting, and its npm. */
function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Installs what set-up uses, with a youtube-dl-exec that asks nobody. */
const playedNpm = `
const put = (name, text) => {
  fs.mkdirSync(require('node:path').dirname(root + '/node_modules/' + name), { recursive: true });
  fs.writeFileSync(root + '/node_modules/' + name, text);
};
if (arguments_[0] === 'ci') {
  fs.rmSync(root + '/node_modules', { recursive: true, force: true });
  put('node/package.json', '{"version":"24.0.0"}');
  put('youtube-dl-exec/package.json', '{}');
  put('youtube-dl-exec/src/constants.js', \`
    exports.YOUTUBE_DL_PATH = process.env.YOUTUBE_DL_DIR + '/yt-dlp';
  \`);
  put('youtube-dl-exec/scripts/postinstall.js', \`
    const fs = require('node:fs');
    fs.appendFileSync('asked', 'GitHub\\\\n');
    if (process.env.YOUTUBE_DL_FETCH === 'fails') process.exit(1);
    fs.mkdirSync(process.env.YOUTUBE_DL_DIR);
    const program = process.env.YOUTUBE_DL_DIR + '/yt-dlp';
    fs.writeFileSync(program, '#!/bin/sh\\\\necho 2026.03.01', { mode: 0o755 });
  \`);
  put('vite/bin/vite.js', \`
    const fs = require('node:fs');
    fs.appendFileSync('asked', 'vite\\\\n');
    fs.mkdirSync('web/dist/page', { recursive: true });
  \`);
  fs.copyFileSync(root + '/package-lock.json', root + '/node_modules/.package-lock.json');
}
if (arguments_[0] === 'rebuild') {
  fs.mkdirSync(root + '/node_modules/.bin', { recursive: true });
  fs.symlinkSync(process.execPath, root + '/node_modules/.bin/node');
}
`;
