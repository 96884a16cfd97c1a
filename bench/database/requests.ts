// requestMp3 over HTTP as fast as 16 connections get answers: for new videos, and for one whose MP3 is there.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { everybody } from '../../src/domain/access.ts';
import { youtubeWatchUrl } from '../../src/domain/youtube.ts';
import { createJob, keyOf } from '../../test/support/jobs.ts';
import { postAsFastAsPossible } from '../load/posting.ts';
import type { Posting } from '../load/posting.ts';
import type { House } from './house.ts';

const mutation = `mutation ($url: String!) {
  requestMp3(url: $url) { outcome job { id version status result { url } } userErrors { code } }
}`;
const query = JSON.stringify(mutation);
export const connections = 16;

const newVideo = () => randomBytes(8).toString('base64url');

function bodyFor(videoId: string): string {
  return `{"query":${query},"variables":{"url":"https://youtu.be/${videoId}"}}`;
}

/** Each for a video that nobody has asked for. */
export function requestNewVideos({ api }: House, seconds: number): Promise<Posting> {
  return postAsFastAsPossible({
    ...{ url: api.url, path: '/graphql', connections, seconds },
    nextBody: () => bodyFor(newVideo()),
    check: (answer) => expectOutcome(answer, 'CREATED'),
  });
}

/** All for one video whose MP3 is there. */
export async function requestFinishedVideo(house: House, seconds: number): Promise<Posting> {
  const videoId = newVideo();
  const job = await createJob(house.pool, 'SUCCEEDED', {
    ownerId: everybody,
    source: { site: 'youtube', externalId: videoId, canonicalUrl: youtubeWatchUrl(videoId) },
  });
  await using folder = await house.storage.openWorkFolder(keyOf(job));
  const file = join(folder.path, 'any.mp3');
  await writeFile(file, videoId);
  await house.storage.publish(file, keyOf(job));
  return await postAsFastAsPossible({
    ...{ url: house.api.url, path: '/graphql', connections: 1, seconds },
    nextBody: () => bodyFor(videoId),
    check: (answer) => expectOutcome(answer, 'REUSED'),
  });
}

function expectOutcome(answer: string, outcome: string): void {
  if (!answer.includes(`"outcome":"${outcome}"`)) throw new Error(`not ${outcome}: ${answer}`);
}
