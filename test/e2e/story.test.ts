// The log of a Tapedeck: one line an event, and a job's whole story by its id.

import { expect, test } from '@jest/globals';
import { openFolder } from '../support/folder.ts';
import { ask, readAll, watch } from '../support/graphql.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';
import { sendRaw } from '../support/rawHttp.ts';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';

type Line = { readonly msg: string; readonly jobId?: string; readonly requestId?: string };

test("the log tells a job's story by its id, and which request began it", async () => {
  await using youtube = await startYouTube();
  await using folder = await openFolder();
  await using tapedeck = await startTapedeck({
    dataFolder: folder.path,
    settings: { ...youtube.environment, LOG_LEVEL: 'debug' },
  });
  youtube.add(video({ id: 'story000001', durationSeconds: 3 }));
  const query = `mutation { requestMp3(url: "https://youtu.be/story000001") { job { id } } }`;
  const answer = await sendRaw(tapedeck.url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { id } = JSON.parse(answer.body.toString()).data.requestMp3.job;
  await using stream = watch(
    tapedeck.url,
    `subscription ($id: ID!) { job(id: $id) { isFinal job { status } } }`,
    { id },
  );
  expect((await readAll(stream)).at(-1)).toMatchObject({ job: { status: 'SUCCEEDED' } });
  await ask(tapedeck.url, `mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }`, { id });

  const lines = tapedeck
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
  const story = lines.filter(({ jobId }) => jobId === fromGlobalId(id));
  expect(story.map(({ msg }) => msg)).toEqual([
    ...['job requested', 'attempt started', 'asking the site'],
    ...Array.from(story.slice(3, -2), () => 'phase completed'),
    ...['attempt succeeded', 'job deleted'],
  ]);
  expect(story.length).toBeGreaterThan(6);
  expect(story[0]?.requestId).toBe(answer.headers['x-request-id']);
});
