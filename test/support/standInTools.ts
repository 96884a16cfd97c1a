// A yt-dlp that downloads from nowhere, at no cost and for as long as a test likes: for tests of what surrounds a
// conversion, which run many. ffmpeg stays the real one.

import { chmod, copyFile, writeFile } from 'node:fs/promises';
import type { Folder } from './folder.ts';
import { soundFile } from './sound.ts';

export type StandIn = {
  /** To be started with. */
  readonly settings: Readonly<Record<string, string>>;
  /** What each download that begins from now on takes. */
  readonly take: (seconds: number) => Promise<void>;
};

const soundSeconds = 2;
const stepsPerSecond = 5;

export async function makeStandIn(folder: Folder): Promise<StandIn> {
  const [tool, sound, steps] = ['yt-dlp', 'sound.m4a', 'steps'].map(folder.file) as [
    string,
    string,
    string,
  ];
  await copyFile(await soundFile({ id: 'stand-in', seconds: soundSeconds }, 'm4a'), sound);
  await writeFile(
    tool,
    `#!/bin/sh
case "$*" in *--version*) echo 2026.08.19; exit;; esac
echo 'Reading URLs from STDIN' >&2
read -r address || exit
echo '@found {"duration":${soundSeconds}}'
echo '@chosen {"title":"Stand-in","uploader":"Nobody","duration":${soundSeconds},"acodec":"mp4a"}'
echo '@begin'
steps=$(cat '${steps}')
step=0
while [ $step -lt $steps ]; do
  step=$((step + 1))
  left=$(((steps - step) / ${stepsPerSecond}))
  echo "@progress {\\"downloaded_bytes\\":$step,\\"total_bytes\\":$steps,\\"eta\\":$left}"
  sleep ${1 / stepsPerSecond}
done
cp '${sound}' source
echo @done
`,
  );
  await chmod(tool, 0o755);
  const take = (seconds: number) => writeFile(steps, String(Math.ceil(seconds * stepsPerSecond)));
  await take(1);
  return { settings: { YTDLP_PATH: tool }, take };
}
