// `npm run bench`: how long a conversion takes from the mutation to SUCCEEDED, against the bare command line on the
// same video, in turns within one run. Only the ratio means something: machines are noisy. It gates no test.

import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { openFolder } from '../test/support/folder.ts';
import { ask, readAll, watch } from '../test/support/graphql.ts';
import { startTapedeck } from '../test/support/tapedeck.ts';
import { startYouTube } from '../test/support/youtube/server.ts';
import { video } from '../test/support/youtube/video.ts';

const rounds = 5;
const run = promisify(execFile);

await using stack = new AsyncDisposableStack();
const folder = stack.use(await openFolder());
const song = video({ id: 'bench000001', durationSeconds: 180 });
const youtube = stack.use(await startYouTube({ videos: [song] }));
const tapedeck = stack.use(
  await startTapedeck({ dataFolder: folder.file('data'), settings: { ...youtube.environment } }),
);

const ours: number[] = [];
const bare: number[] = [];
// The first pair warms the caches and is not counted.
for (let round = 0; round <= rounds; round += 1) {
  const pair = [await time(convert), await time(() => runBare(round))] as const;
  if (round === 0) continue;
  ours.push(pair[0]);
  bare.push(pair[1]);
}
const ratios = ours.map((seconds, round) => seconds / (bare[round] ?? Number.NaN));
const { stdout } = await run('yt-dlp', ['--version']);
console.log(`| 3-minute video, 192 kbit/s, ${rounds} pairs | median | min | max |`);
console.log('|---|---|---|---|');
print('requestMp3 → SUCCEEDED, s', ours);
print('yt-dlp -x --audio-format mp3, s', bare);
print('ratio', ratios);
console.log(
  `\n${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, yt-dlp ${stdout.trim()}`,
);

async function convert(): Promise<void> {
  const { requestMp3 } = await ask(
    tapedeck.url,
    'mutation ($url: String!) { requestMp3(url: $url, reuse: NEVER) { job { id } } }',
    { url: `https://youtu.be/${song.id}` },
  );
  await using stream = watch(
    tapedeck.url,
    'subscription ($id: ID!) { job(id: $id) { job { status failure { code } } } }',
    { id: requestMp3.job.id },
  );
  const last = (await readAll(stream)).at(-1);
  if (last?.job.status !== 'SUCCEEDED') throw new Error(JSON.stringify(last));
}

async function runBare(round: number): Promise<void> {
  await run(
    'yt-dlp',
    [
      ...['--ignore-config', '--no-cache-dir', '--compat-options', 'no-certifi'],
      ...['-x', '--audio-format', 'mp3', '--audio-quality', '192K'],
      ...[
        '-o',
        folder.file(`bare-${round}.%(ext)s`),
        '--',
        `https://www.youtube.com/watch?v=${song.id}`,
      ],
    ],
    { env: { ...process.env, ...youtube.environment } },
  );
}

async function time(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

function print(name: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const figures = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)];
  console.log(`| ${name} | ${figures.map((figure) => figure?.toFixed(2)).join(' | ')} |`);
}
