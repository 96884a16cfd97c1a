// One whole conversion on a database with a past, in turns with the same on one without. To be measured before anything
// that leaves due jobs behind: a worker would begin with those.

import { openFolder } from '../../test/support/folder.ts';
import { startTapedeck } from '../../test/support/tapedeck.ts';
import { startYouTube } from '../../test/support/youtube/server.ts';
import { convert, musicVideos } from '../conversion/songs.ts';
import { inTurns, secondsOf } from '../rows.ts';
import { openHouse } from './house.ts';
import type { House } from './house.ts';

/** Seconds from the mutation to SUCCEEDED; `theirs` on an empty database. */
export async function measureConversions(
  full: House,
): Promise<{ readonly ours: readonly number[]; readonly theirs: readonly number[] }> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openFolder());
  const songs = await musicVideos('flat', 1, 180);
  const youtube = stack.use(await startYouTube({ videos: songs }));
  const empty = stack.use(await openHouse('untouched', folder));
  const start = async ({ name, databaseUrl }: House) =>
    stack.use(
      await startTapedeck({
        dataFolder: folder.file(`converts-${name}`),
        settings: { ...youtube.environment, DATABASE_URL: databaseUrl, MAX_QUEUED_JOBS: '0' },
      }),
    );
  const [there, here] = [await start(full), await start(empty)];
  const id = songs[0]?.id ?? '';
  return await inTurns(3, {
    ours: () => secondsOf(() => convert(there, id)),
    theirs: () => secondsOf(() => convert(here, id)),
  });
}
