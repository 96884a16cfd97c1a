// What people do instead of asking Tapedeck: the bare command line, once or through xargs; and the floor below which
// no tool of this kind can get, the download and one encoder side by side.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { YouTube } from '../../test/support/youtube/server.ts';

type Peer = { readonly youtube: YouTube; readonly folder: string };

const plain = ['--ignore-config', '--no-cache-dir', '--compat-options', 'no-certifi'];
const asMp3 = ['-x', '--audio-format', 'mp3', '--audio-quality', '192K'];
const addressOf = (id: string) => `https://www.youtube.com/watch?v=${id}`;

/** `yt-dlp -x --audio-format mp3 --audio-quality 192K`. */
export async function runBare({ youtube, folder }: Peer, id: string): Promise<void> {
  await shell(
    `exec yt-dlp ${quote([...plain, ...asMp3, '-o', '%(id)s.%(ext)s', '--', addressOf(id)])}`,
    {
      youtube,
      folder,
    },
  );
}

/** The same for many, `slots` at a time. */
export async function runXargs(
  { youtube, folder }: Peer,
  ids: readonly string[],
  slots: number,
): Promise<void> {
  const command = quote(['yt-dlp', ...plain, ...asMp3, '-o', '%(id)s.%(ext)s', '--']);
  const addresses = quote(ids.map(addressOf));
  await shell(`printf '%s\\n' ${addresses} | xargs -n 1 -P ${slots} ${command}`, {
    youtube,
    folder,
  });
}

/** The network time of yt-dlp and one ffmpeg that encodes the same sound, overlapped. */
export async function runFloor({ youtube, folder }: Peer, id: string): Promise<void> {
  const download = quote(['yt-dlp', ...plain, '-f', 'ba[ext=m4a]', '-o', '-', '--', addressOf(id)]);
  const encode = 'ffmpeg -v error -y -i pipe:0 -map 0:a:0 -c:a libmp3lame -b:a 192k floor.mp3';
  await shell(`set -o pipefail; ${download} | ${encode}`, { youtube, folder });
}

async function shell(script: string, { youtube, folder }: Peer): Promise<void> {
  // Another one each time: yt-dlp takes an MP3 that is there for its work done.
  const cwd = await mkdtemp(join(folder, 'peer-'));
  const child = spawn('bash', ['-c', script], {
    cwd,
    env: { ...process.env, ...youtube.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`${script}\nexit ${exitCode}\n${complaints.slice(-2_000)}`);
  const files = await readdir(cwd);
  if (!files.some((name) => name.endsWith('.mp3'))) throw new Error(`${script}\nmade no MP3`);
  await rm(cwd, { recursive: true });
}

function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}
