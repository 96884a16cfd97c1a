import { describe, expect, test } from '@jest/globals';

import { watchDownload } from '../../../src/media/downloadWatch.ts';
import type { WatchRequest } from '../../../src/media/downloadWatch.ts';
import { eventually } from '../../support/eventually.ts';

function watchWith(changes: Partial<WatchRequest> = {}) {
  const news: unknown[] = [];
  const watch = watchDownload({
    limits: { maxDurationSeconds: 60, maxFilesizeBytes: 1_000 },
    wantCover: true,
    onSource: ({ title }) => news.push(title),
    onProgress: ({ bytesDone }) => news.push(bytesDone),
    ...changes,
  });
  return { watch, news };
}

const codeOf = (work: () => void): unknown => {
  try {
    work();
    return null;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

test('a whole run is told in order', () => {
  const { watch, news } = watchWith();
  watch.take('@found {"duration": 60}');
  watch.take('@chosen {"title": "A song", "acodec": "mp4a.40.2"}');
  expect([watch.isFetchingCover(), watch.isDone()]).toEqual([true, false]);
  watch.take('@begin');
  watch.take('@progress {"downloaded_bytes": 400, "total_bytes": 1000}');
  watch.take('@progress {"downloaded_bytes": 1000, "total_bytes": 1000}');
  watch.take('@done');
  expect([watch.isFetchingCover(), watch.isDone()]).toEqual([false, true]);
  expect(watch.bytesDone()).toBe(1_000);
  expect(watch.metadata()).toMatchObject({ title: 'A song' });
  expect(news).toEqual(['A song', 400, 1_000]);
});

test.each([
  ['@found {"duration": 61}', 'TOO_LONG'],
  ['@found {"live_status": "is_live"}', 'LIVE_STREAM'],
  ['@chosen {"acodec": "none"}', 'NO_AUDIO'],
  ['@chosen {"filesize": 1001}', 'TOO_LARGE'],
  ['@progress {"downloaded_bytes": 10, "total_bytes": 1001}', 'TOO_LARGE'],
  ['@progress {"downloaded_bytes": 1001}', 'TOO_LARGE'],
  ['@progress {"downloaded_bytes": 10, "total_bytes_estimate": 1001}', null],
])('%s ends the run with %s', (line, code) => {
  expect(codeOf(() => watchWith().watch.take(line))).toBe(code);
});

describe('patience', () => {
  const patience = { stallMs: 300, coverMs: 100 };

  test('ends for bytes that do not rise, whatever else is printed about them', async () => {
    const { watch } = watchWith({ patience });
    watch.take('@progress {"downloaded_bytes": 10}');
    await eventually('the end of patience', () => {
      watch.take('@progress {"downloaded_bytes": 10}');
      return codeOf(watch.checkPatience) === 'NETWORK';
    });
  });

  test('ends sooner for a thumbnail, and not at all for one that is through', async () => {
    const { watch } = watchWith({ patience });
    watch.take('@chosen {}');
    await eventually('the end of patience', () => {
      watch.touch();
      return codeOf(watch.checkPatience) === 'NETWORK';
    });
    watch.take('@begin');
    expect(codeOf(watch.checkPatience)).toBeNull();
  });
});
