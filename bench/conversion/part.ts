// What a conversion costs from the mutation to SUCCEEDED, by Tapedeck as its users run it, on media of loopback:
// real yt-dlp, real ffmpeg, a real Postgres. Network time is nearly nothing here, which is the hardest case for us.

import { openFolder } from '../../test/support/folder.ts';
import { startTapedeck } from '../../test/support/tapedeck.ts';
import { startYouTube } from '../../test/support/youtube/server.ts';
import { inTurns, secondsOf } from '../rows.ts';
import type { BenchContext, BenchPart, Row } from '../rows.ts';
import { listen } from './listening.ts';
import { runBare, runFloor } from './peers.ts';
import { atMost, convert, musicVideos } from './songs.ts';

const slots = 2;
const bare = '`yt-dlp -x --audio-format mp3 --audio-quality 192K`';

export const conversion: BenchPart = { name: 'conversion', run };

async function* run({ stack, say }: BenchContext): AsyncGenerator<Row> {
  const folder = stack.use(await openFolder());
  const songs = await musicVideos('song', 1, 180);
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
    peer: 'yt-dlp piped into one ffmpeg',
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
}
