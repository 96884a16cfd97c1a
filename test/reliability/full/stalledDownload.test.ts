// A download that stands still, with the patience that everybody has: a minute.

import { expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitJob, requestMp3 } from '../../support/caller.ts';
import { report, summarize } from '../../support/figures.ts';
import { startFleet } from '../../support/fleet.ts';
import { processesIn } from '../../support/processes.ts';
import { startYouTube } from '../../support/youtube/server.ts';
import { video } from '../../support/youtube/video.ts';

test('a download without a byte for a minute counts as a dead connection', async () => {
  await using youtube = await startYouTube();
  await using fleet = await startFleet({ workers: 1, settings: { ...youtube.environment } });
  youtube.add(video({ id: 'silent00001', durationSeconds: 30, media: { kind: 'stalled' } }));
  const { job } = await requestMp3(fleet.api.url, 'https://youtu.be/silent00001');
  const failed = await awaitJob(
    fleet.api.url,
    job.id,
    'a failed attempt',
    ({ failure }) => failure !== null,
    { timeoutMs: 150_000 },
  );
  expect(failed).toMatchObject({ status: 'QUEUED', failure: { code: 'NETWORK' } });
  const ranMs = Date.parse(failed.failure?.occurredAt ?? '') - Date.parse(failed.startedAt ?? '');
  report({
    demand: 'a stalled download: given up',
    target: 'after a minute of silence at the latest',
    measured: summarize([ranMs]),
  });
  expect(await processesIn(fleet.workFolder)).toEqual([]);
  expect(await readdir(join(fleet.dataFolder, 'work'))).toEqual([]);
}, 180_000);
