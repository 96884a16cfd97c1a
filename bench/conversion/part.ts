// What a conversion costs from the mutation to SUCCEEDED, by Tapedeck as its users run it, on media of loopback:
// real yt-dlp, real ffmpeg, a real Postgres. Network time is nearly nothing here, which is the hardest case for us.

import { openFolder } from '../../test/support/folder.ts';
import { ask, readAll, watch } from '../../test/support/graphql.ts';
import { musicFile } from '../../test/support/music.ts';
import { startTapedeck } from '../../test/support/tapedeck.ts';
import type { Tapedeck } from '../../test/support/tapedeck.ts';
import { startYouTube } from '../../test/support/youtube/server.ts';
import { video } from '../../test/support/youtube/video.ts';
import type { Video } from '../../test/support/youtube/video.ts';
import { cpuSeconds, endedChildrenCpuSeconds } from '../cpu.ts';
import { inTurns, secondsOf } from '../rows.ts';
import type { BenchContext, BenchPart, Row } from '../rows.ts';
import { listen } from './listening.ts';
import { runBare, runFloor, runXargs } from './peers.ts';

const slots = 2;
const bare = '`yt-dlp -x --audio-format mp3 --audio-quality 192K`';

export const conversion: BenchPart = { name: 'conversion', run };

async function* run({ stack, say }: BenchContext): AsyncGenerator<Row> {
  const folder = stack.use(await openFolder());
  const songs = await musicVideos('song', 20, 180);
  const hours = await musicVideos('hour', 1, 3_600);
  const youtube = stack.use(await startYouTube({ videos: [...songs, ...hours] }));
  const settings = { ...youtube.environment, WORKER_CONCURRENCY: String(slots) };
  const tapedeck = stack.use(await startTapedeck({ dataFolder: folder.file('data'), settings }));
  const peer = { youtube, folder: folder.path };
  const [id = '', hour = ''] = [songs[0]?.id, hours[0]?.id];

  say('one video of 3 minutes, in turns with the bare command and the floor');
  const short = await inTurns(5, {
    ours: () => secondsOf(() => convert(tapedeck, id)),
    bare: () => secondsOf(() => runBare(peer, id)),
    floor: () => secondsOf(() => runFloor(peer, id)),
  });
  yield {
    ...{ what: 'one 3-minute video, request → SUCCEEDED', peer: bare, unit: 's' },
    ...{ ours: short.ours, theirs: short.bare, goal: atMost(0.65) },
  };
  yield {
    what: 'the same beyond what the network and one encoder need',
    peer: '`yt-dlp -o - | ffmpeg -i pipe:0`',
    ...{ unit: 's', ours: short.ours, theirs: short.floor, goal: atMost(1.15) },
  };

  say('listening while it converts');
  const heard = [];
  for (const each of [id, id, id, hour, hour]) heard.push(await listen(tapedeck, each, 10));
  yield {
    ...{ what: 'request → first bytes of sound, 3 minutes and 1 hour', peer: null, unit: 's' },
    ours: heard.map(({ firstSeconds }) => firstSeconds),
    ...{ theirs: [], goal: { of: 'value', direction: 'at most', limit: 2.5 } },
  };
  yield {
    ...{ what: 'smallest lead of the sound over its player', peer: null, unit: 's' },
    ours: heard.map(({ smallestLeadSeconds }) => smallestLeadSeconds),
    ...{ theirs: [], goal: { of: 'value', direction: 'at least', limit: 0 } },
  };

  say('one video of an hour');
  const long = await inTurns(
    2,
    {
      ours: () => secondsOf(() => convert(tapedeck, hour)),
      theirs: () => secondsOf(() => runBare(peer, hour)),
    },
    0,
  );
  yield {
    ...{ what: 'one 1-hour video', peer: bare, unit: 's' },
    ...{ ...long, goal: atMost(0.55) },
  };

  say('20 videos at once, 2 slots');
  const ids = songs.map((song) => song.id);
  const cpu: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  const wall = await inTurns(
    1,
    {
      ours: () =>
        measured(
          cpu.ours,
          () => cpuSeconds([tapedeck.pid]),
          () => convertAll(tapedeck, ids),
        ),
      theirs: () => measured(cpu.theirs, endedChildrenCpuSeconds, () => runXargs(peer, ids, slots)),
    },
    0,
  );
  const xargs = '`xargs -P2` of the bare command';
  yield {
    ...{ what: '20 distinct 3-minute videos at once, 2 slots', peer: xargs, unit: 's' },
    ...{ ...wall, goal: atMost(1) },
  };
  yield {
    ...{ what: 'processor time of the same, Postgres and API included', peer: xargs, unit: 's' },
    ...{ ours: cpu.ours, theirs: cpu.theirs, goal: atMost(1) },
  };
}

/** Seconds that the work takes; those of the processors go into `figures`. */
async function measured(
  figures: number[],
  cpu: () => Promise<number>,
  work: () => Promise<void>,
): Promise<number> {
  const before = await cpu();
  const seconds = await secondsOf(work);
  figures.push((await cpu()) - before);
  return seconds;
}

function atMost(limit: number): Row['goal'] {
  return { of: 'ratio', direction: 'at most', limit };
}

/** Videos of the same music, which YouTube offers as m4a and as webm. */
async function musicVideos(name: string, count: number, seconds: number): Promise<Video[]> {
  const files = { m4a: await musicFile(seconds), webm: await musicFile(seconds, 'webm') };
  return Array.from({ length: count }, (_, nth) =>
    video({
      id: `${name}${String(nth).padStart(11 - name.length, '0')}`,
      durationSeconds: seconds,
      files,
    }),
  );
}

async function convertAll(tapedeck: Tapedeck, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => convert(tapedeck, id)));
}

async function convert(tapedeck: Tapedeck, id: string): Promise<void> {
  const { requestMp3 } = await ask(
    tapedeck.url,
    'mutation ($url: String!) { requestMp3(url: $url, reuse: NEVER) { job { id } userErrors { code } } }',
    { url: `https://youtu.be/${id}` },
  );
  if (requestMp3.job === null) throw new Error(JSON.stringify(requestMp3.userErrors));
  await using stream = watch(
    tapedeck.url,
    'subscription ($id: ID!) { job(id: $id) { job { status failure { code } } } }',
    { id: requestMp3.job.id },
  );
  const last = (await readAll(stream)).at(-1);
  if (last?.job.status !== 'SUCCEEDED') throw new Error(JSON.stringify(last));
}
