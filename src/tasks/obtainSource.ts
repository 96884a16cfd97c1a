// The first half of an attempt: its source, kept by an earlier attempt or else from the site; and what becomes of the
// kept one after a failure. It encodes nothing.

import { stat } from 'node:fs/promises';
import { AttemptFailure } from '../domain/failure.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import { extractorsFor } from '../domain/url.ts';
import type { GrowingSource } from '../media/source.ts';
import { fetchSource } from '../media/ytdlp.ts';
import type { FetchedSource } from '../media/ytdlp.ts';
import type { Extractors } from '../media/ytdlpFlags.ts';
import type { Attempt } from '../services/attempt.ts';
import type { Storage } from '../storage.ts';
import type { ConversionBar } from './conversionBar.ts';
import type { ConvertOptions } from './convert.ts';
import { isStillGood, keepSource, sourceKey, takeSource } from './keptSource.ts';
import { measureRoom } from './room.ts';

/** Where the attempt began; set once the source is there. */
export type Beginning = { readonly start: { isFromKept: boolean } };

/** With the encoder below the four hours after which graphile-worker would start the job a second time. */
const downloadTimeoutMs = 2 * 60 * 60 * 1_000;

/** Without being embedded too: people see it on the page. */
const wantCover = true;

type Obtaining = ConvertOptions &
  Beginning & { readonly folder: string; readonly signal: AbortSignal };

/** The source: kept by an earlier attempt, or else from the site. */
export async function obtainSource(
  attempt: Attempt,
  growing: GrowingSource,
  bar: ConversionBar,
  options: Obtaining,
): Promise<void> {
  const { storage, folder, logger, limits } = options;
  const { maxDurationSeconds } = limits;
  const kept = await takeSource(storage.sources, attempt.job, { folder, maxDurationSeconds });
  if (kept !== null) {
    logger.info('the source is still there, nothing is downloaded');
    options.start.isFromKept = true;
    await attempt.describe(kept.metadata);
    growing.begin({ ...kept, paths: [kept.audioPath] });
    growing.complete(kept);
    bar.resumed();
    return attempt.enter('TRANSCODING');
  }
  const fetched = await download(attempt, growing, bar, options);
  await attempt.enter('TRANSCODING');
  const { size } = await stat(fetched.audioPath);
  if (size > options.sourceCacheBytes) return;
  // A cache: without it the next attempt downloads again.
  await keepSource(storage.sources, attempt.job, fetched).catch((err: unknown) =>
    logger.warn({ err }, 'the source was not kept'),
  );
}

/** One run of yt-dlp resolves and downloads: a second one would cost a second extraction. */
async function download(
  attempt: Attempt,
  growing: GrowingSource,
  bar: ConversionBar,
  options: Obtaining,
): Promise<FetchedSource> {
  const { source, options: wanted } = attempt.job;
  const refuseWithoutRoom = await measureRoom(options.storage);
  let described = Promise.resolve();
  const ytdlp = await options.ytdlp();
  options.logger.debug({ ytdlp: ytdlp.version }, 'asking the site');
  const fetched = await fetchSource({
    ...options,
    ytdlp,
    url: source.canonicalUrl,
    extractors: extractorsFor(source.site),
    wantCover,
    timeoutMs: downloadTimeoutMs,
    onSource({ title, uploader, durationSeconds, thumbnailUrl }, sizeBytes) {
      refuseWithoutRoom(sizeBytes, durationSeconds, wanted.quality);
      described = attempt
        .describe({ title, uploader, durationSeconds, thumbnailUrl })
        .then(() => attempt.enter('DOWNLOADING'));
      // It is awaited below; until then a lost attempt is told by the signal.
      described.catch(() => {});
    },
    onBegun: growing.begin,
    onProgress: bar.downloaded,
  }).catch((error: unknown) => {
    if (error instanceof AttemptFailure) options.onYtdlpRun(ytdlp, error.code);
    throw error;
  });
  options.onYtdlpRun(ytdlp, null);
  growing.complete(fetched);
  await described;
  return fetched;
}

/** Has a yt-dlp started for the next attempt. */
export function prepareYtdlp(options: ConvertOptions, extractors: Extractors): void {
  const { proxyUrl, hostEnvironment, limits } = options;
  const known = { extractors, wantCover, proxyUrl, hostEnvironment, limits };
  options.standby.prepare(async () => ({ ...known, ytdlp: await options.ytdlp() }));
}

/** After a failure: keeps what the next attempt may start from, and nothing else. */
export async function forgetSource(
  attempt: Attempt,
  code: JobFailureCode,
  { sources }: Storage,
  wasKept: boolean,
): Promise<void> {
  if (code === 'STORAGE_FULL') {
    // What is finished comes before what is only faster.
    for (const source of await sources.list()) await sources.remove(source);
  } else if (!isStillGood(code, wasKept)) {
    await sources.drop(sourceKey(attempt.job));
  }
}
