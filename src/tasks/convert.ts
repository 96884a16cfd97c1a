// One attempt at one job, from claim to finish. Each step is told here by its name; how it is done, and every
// rule, is elsewhere. How the attempt ended is always on the row before this task returns.

import { randomBytes } from 'node:crypto';
import type { Task } from 'graphile-worker';
import { z } from 'zod';
import { AttemptFailure } from '../domain/failure.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import { extractorsFor } from '../domain/url.ts';
import type { Logger } from '../logger.ts';
import { squarePictures } from '../media/cover.ts';
import type { SquarePictures } from '../media/cover.ts';
import type { HostEnvironment } from '../media/environment.ts';
import type { Ffmpeg, Workplace } from '../media/probe.ts';
import { verifyMp3 } from '../media/mp3/verify.ts';
import { growingSource } from '../media/source.ts';
import type { GrowingSource } from '../media/source.ts';
import { id3Tag } from '../media/tags.ts';
import { orAbort, together } from '../media/together.ts';
import { transcode } from '../media/transcode.ts';
import type { Ytdlp } from '../media/tools.ts';
import type { YtdlpStandby } from '../media/ytdlpStandby.ts';
import { conversionBar } from './conversionBar.ts';
import type { ConversionBar } from './conversionBar.ts';
import { sourceKey } from './keptSource.ts';
import { forgetSource, obtainSource, prepareYtdlp } from './obtainSource.ts';
import type { Beginning } from './obtainSource.ts';
import { AttemptLost, WorkerStopping } from '../services/attempt.ts';
import type { Attempt } from '../services/attempt.ts';
import type { Attempts } from '../services/attempts.ts';
import type { Storage, WorkFolder } from '../storage.ts';
import type { Thumbnails } from '../thumbnails.ts';

export type ConvertOptions = {
  readonly attempts: Attempts;
  readonly storage: Storage;
  readonly thumbnails: Thumbnails;
  /** The one in use when an attempt begins, which keeps it. */
  readonly ytdlp: () => Promise<Ytdlp>;
  /** Where the next attempt's may have been started already. */
  readonly standby: YtdlpStandby;
  /** Told of each attempt that ran it; null when it succeeded. */
  readonly onYtdlpRun: (ytdlp: Ytdlp, failure: JobFailureCode | null) => void;
  readonly ffmpeg: Ffmpeg;
  /** The egress guard: all traffic of yt-dlp goes through it. */
  readonly proxyUrl: string;
  readonly hostEnvironment: HostEnvironment;
  readonly limits: { readonly maxDurationSeconds: number; readonly maxFilesizeBytes: number };
  /** The most that kept sources may take; 0 keeps none. */
  readonly sourceCacheBytes: number;
  /** How many more conversions this process could run now. */
  readonly idleSlots: () => number;
  /** Told of work that hangs where no signal reaches it; nobody waits for it any more. */
  readonly onLeftBehind: (work: Promise<void>) => void;
  readonly logger: Logger;
  /** Resolves when this worker is on record: before that, a claim would look like a dead worker's. */
  readonly onRecord: Promise<unknown>;
};

/** With the download below the four hours after which graphile-worker would start the job a second time. */
const transcodeTimeoutMs = 90 * 60 * 1_000;

const payloadSchema = z.object({ jobId: z.uuid() });

export function createConvertTask(options: ConvertOptions): Task {
  return async (payload, { job: queueJob }) => {
    await options.onRecord;
    const { jobId } = payloadSchema.parse(payload);
    using attempt = await options.attempts.claim(jobId, queueJob.locked_by ?? '');
    // Canceled while it waited, or already run by another delivery.
    if (attempt === null) return;
    const logger = options.logger.child({ jobId, attempt: attempt.key.attempt });
    logger.info({ sourceUrl: attempt.job.source.canonicalUrl }, 'attempt started');
    const start = { isFromKept: false };
    try {
      const work = runAttempt(attempt, { ...options, logger, start });
      const overdue = attempt.overdue.catch((failure: unknown) => {
        logger.error('what the attempt does hangs, and is left behind');
        options.onLeftBehind(work);
        throw failure;
      });
      await Promise.race([work, overdue]);
      logger.info('attempt succeeded');
      await dropSource(attempt, options.storage, logger);
    } catch (error) {
      const cause: unknown = attempt.signal.aborted ? attempt.signal.reason : error;
      await endAttempt(attempt, cause, { ...options, logger, start });
    } finally {
      // Not before: its start would take from this one what it saves the next.
      if (!(attempt.signal.reason instanceof WorkerStopping)) {
        prepareYtdlp(options, extractorsFor(attempt.job.source.site));
      }
    }
  };
}

async function runAttempt(attempt: Attempt, options: ConvertOptions & Beginning): Promise<void> {
  await using folder = await options.storage.openWorkFolder(attempt.key);
  const workplace: Workplace = {
    ffmpeg: options.ffmpeg,
    folder: folder.path,
    hostEnvironment: options.hostEnvironment,
    signal: attempt.signal,
    timeoutMs: transcodeTimeoutMs,
  };
  const { mp3Path } = folder;
  const source = growingSource();
  const bar = conversionBar(attempt);
  const [, sound] = await together(attempt.signal, [
    (signal) => obtainSource(attempt, source, bar, { ...options, folder: folder.path, signal }),
    (signal) => convertSound(attempt, source, bar, { ...options, ...workplace, mp3Path, signal }),
  ]);
  await attempt.enter('TAGGING');
  const measured = await verifyMp3(mp3Path, sound.durationSeconds, attempt.signal);
  await storeAndFinish(attempt, mp3Path, { ...measured, token: sound.token }, options.storage);
}

/** Begins with the first bytes of the download. What the site says becomes the tag, which comes first in the file. */
async function convertSound(
  attempt: Attempt,
  source: GrowingSource,
  bar: ConversionBar,
  options: ConvertOptions & Workplace & Pick<WorkFolder, 'mp3Path'>,
): Promise<{ durationSeconds: number; token: string }> {
  const token = randomBytes(16).toString('base64url');
  // It is awaited below; until then a lost attempt is told by the signal.
  let audible = Promise.resolve();
  const { metadata, coverPath } = await orAbort(source.begun, options.signal);
  const tags = {
    title: metadata.track ?? metadata.title,
    artist: metadata.artist ?? metadata.uploader,
    album: metadata.album,
    date: metadata.uploadDate,
    sourceUrl: attempt.job.source.canonicalUrl,
  };
  const pictures = squarePictures(coverPath, options);
  const shown = showThumbnail(attempt, pictures, options);
  const isEmbedded = attempt.job.options.embedThumbnail;
  const tag = isEmbedded
    ? pictures.then((made) => id3Tag(tags, made?.cover ?? null))
    : Promise.resolve(id3Tag(tags, null));
  // It is awaited with the first frames.
  tag.catch(() => {});
  try {
    const { durationSeconds } = await transcode({
      ...options,
      source,
      output: options.mp3Path,
      tag,
      maxDurationSeconds: options.limits.maxDurationSeconds,
      mostParts: 1 + options.idleSlots(),
      quality: attempt.job.options.quality,
      onAudible() {
        audible = audible.then(() => attempt.openPreview(token));
        audible.catch(() => {});
      },
      onProgress: bar.encoded,
      onSetback: (cause) => options.logger.info({ err: cause }, 'encoding once more'),
    });
    await audible;
    return { durationSeconds, token };
  } finally {
    // Its ffmpeg works in the folder that is removed next.
    await shown;
  }
}

/** People see it as soon as it is here. A picture fails nothing: it never rejects. */
async function showThumbnail(
  attempt: Attempt,
  pictures: Promise<SquarePictures | null>,
  options: ConvertOptions,
): Promise<void> {
  try {
    const made = await pictures;
    if (made === null) return;
    await options.thumbnails.put(attempt.key.jobId, made.thumbnail);
    await attempt.showThumbnail(randomBytes(16).toString('base64url'));
  } catch (error) {
    options.logger.info({ err: error }, 'no thumbnail');
  }
}

/** The file is in the store a moment before the row says so, never the other way round. */
async function storeAndFinish(
  attempt: Attempt,
  file: string,
  facts: { durationSeconds: number; bitrateKbps: number; token: string },
  storage: Storage,
): Promise<void> {
  await attempt.enter('STORING');
  const stored = await storage.publish(file, attempt.key);
  try {
    await attempt.finish({ ...stored, ...facts });
  } catch (error) {
    // Any other error may hide that the row names the file already; the sweep knows what is left over.
    if (error instanceof AttemptLost) await storage.removeArtifact(attempt.key);
    throw error;
  }
}

/** What cannot be removed is left to the sweep. */
async function dropSource(attempt: Attempt, { sources }: Storage, logger: Logger): Promise<void> {
  await sources
    .drop(sourceKey(attempt.job))
    .catch((err: unknown) => logger.warn({ err }, 'the kept source was not removed'));
}

async function endAttempt(
  attempt: Attempt,
  cause: unknown,
  { logger, storage, start }: ConvertOptions & Beginning,
): Promise<void> {
  if (cause instanceof WorkerStopping) {
    await attempt.release();
    logger.info('attempt handed back, the worker is stopping');
    return;
  }
  if (cause instanceof AttemptLost) {
    logger.info('attempt stopped: it was canceled or taken over');
    // Only a cache: who cannot be asked leaves it to the sweep.
    if (await attempt.isJobOver().catch(() => false)) {
      await dropSource(attempt, storage, logger);
    }
    // Returning would make graphile-worker delete a queue job that may be another worker's by now.
    throw cause;
  }
  const failure =
    cause instanceof AttemptFailure ? cause : new AttemptFailure('INTERNAL', {}, { cause });
  // A cache: whatever is wrong with it, how the attempt ended has to be told.
  const forgotten = forgetSource(attempt, failure.code, storage, start.isFromKept);
  await Promise.race([forgotten, attempt.overdue]).catch((err: unknown) =>
    logger.warn({ err }, 'the kept source was not removed'),
  );
  const nextAttemptAt = await attempt.fail(failure.code);
  const { code, facts } = failure;
  const level = code === 'INTERNAL' ? 'error' : 'warn';
  logger[level]({ code, facts, err: failure.cause, nextAttemptAt }, 'attempt failed');
}
