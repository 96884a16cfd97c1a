// The songs that conversions are measured with, and one conversion as a caller sees it.

import { ask, readAll, watch } from '../../test/support/graphql.ts';
import { musicFile } from '../../test/support/music.ts';
import type { Tapedeck } from '../../test/support/tapedeck.ts';
import { video } from '../../test/support/youtube/video.ts';
import type { Video } from '../../test/support/youtube/video.ts';
import type { Row } from '../rows.ts';

/** Videos of the same music, which YouTube offers as m4a and as webm. */
export async function musicVideos(name: string, count: number, seconds: number): Promise<Video[]> {
  const files = { m4a: await musicFile(seconds), webm: await musicFile(seconds, 'webm') };
  return Array.from({ length: count }, (_, nth) =>
    video({
      id: `${name}${String(nth).padStart(11 - name.length, '0')}`,
      durationSeconds: seconds,
      files,
    }),
  );
}

/** From the mutation to SUCCEEDED. Throws when it ends otherwise. */
export async function convert(tapedeck: Tapedeck, id: string): Promise<void> {
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

/** A ratio to the peer's. */
export function atMost(limit: number): Row['goal'] {
  return { of: 'ratio', direction: 'at most', limit };
}
