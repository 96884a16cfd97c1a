// Twenty songs at once on two slots, against the bare command line two at a time: wall time, and processor time.

import { openFolder } from '../../test/support/folder.ts';
import { startTapedeck } from '../../test/support/tapedeck.ts';
import type { Tapedeck } from '../../test/support/tapedeck.ts';
import { startYouTube } from '../../test/support/youtube/server.ts';
import { cpuSeconds, endedChildrenCpuSeconds } from '../cpu.ts';
import { inTurns, secondsOf } from '../rows.ts';
import type { BenchContext, BenchPart, Row } from '../rows.ts';
import { runXargs } from './peers.ts';
import { atMost, convert, musicVideos } from './songs.ts';

const slots = 2;

export const twenty: BenchPart = { name: 'twenty', run };

async function* run({ stack, say }: BenchContext): AsyncGenerator<Row> {
  const folder = stack.use(await openFolder());
  const songs = await musicVideos('song', 20, 180);
  const youtube = stack.use(await startYouTube({ videos: songs }));
  const settings = {
    ...youtube.environment,
    WORKER_CONCURRENCY: String(slots),
    // bubblewrap does not wait for its child, so the kernel would count what that has spent for nobody.
    SANDBOX: 'off',
  };
  const tapedeck = stack.use(await startTapedeck({ dataFolder: folder.file('data'), settings }));
  const peer = { youtube, folder: folder.path };

  say('20 videos at once, 2 slots');
  const ids = songs.map((song) => song.id);
  const cpu: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  const wall = await inTurns(
    2,
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

async function convertAll(tapedeck: Tapedeck, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => convert(tapedeck, id)));
}
