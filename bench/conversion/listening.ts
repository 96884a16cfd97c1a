// How soon a song can be heard, and whether a player that starts at once ever has to wait. The player here takes all
// that comes; what counts is by how much the sound is ahead of the clock.

import { id3TagBytes } from '../../src/media/tags.ts';
import { ask, watch } from '../../test/support/graphql.ts';
import type { Tapedeck } from '../../test/support/tapedeck.ts';

export type Heard = {
  /** From the request to the first bytes of sound. */
  readonly firstSeconds: number;
  /** The smallest lead of the sound over a player that began with the first bytes; below 0 is a gap. */
  readonly smallestLeadSeconds: number;
};

const bytesPerSecond = 192_000 / 8;
/** Enough for a player to begin with, behind the tag. */
const firstBytes = bytesPerSecond / 2;

/** Listens for `seconds` at most, then cancels what is left to do. */
export async function listen(tapedeck: Tapedeck, id: string, seconds: number): Promise<Heard> {
  const requestedAt = performance.now();
  const { requestMp3 } = await ask(
    tapedeck.url,
    'mutation ($url: String!) { requestMp3(url: $url, reuse: NEVER) { job { id } } }',
    { url: `https://youtu.be/${id}` },
  );
  const jobId = requestMp3.job.id as string;
  const response = await fetch(tapedeck.url + (await previewOf(tapedeck, jobId)));
  let heardBytes = 0;
  let firstAt = 0;
  let smallestLeadSeconds = Infinity;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    heardBytes += heardBytes === 0 ? bytes.length - id3TagBytes(bytes) : bytes.length;
    if (heardBytes < firstBytes) continue;
    const now = performance.now();
    firstAt ||= now;
    const lead = heardBytes / bytesPerSecond - (now - firstAt) / 1_000;
    smallestLeadSeconds = Math.min(smallestLeadSeconds, lead);
    if (now - firstAt > seconds * 1_000) break;
  }
  await ask(tapedeck.url, 'mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }', {
    id: jobId,
  });
  return { firstSeconds: (firstAt - requestedAt) / 1_000, smallestLeadSeconds };
}

async function previewOf(tapedeck: Tapedeck, id: string): Promise<string> {
  await using stream = watch(
    tapedeck.url,
    'subscription ($id: ID!) { job(id: $id) { job { status preview { url } } } }',
    { id },
  );
  for await (const { job } of stream) if (job.preview !== null) return job.preview.url as string;
  throw new Error('the job ended without a preview');
}
