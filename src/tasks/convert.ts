// One attempt at one job, from claim to finish. Each step is told here by its name; how it is done, and every
// rule, is elsewhere. How the attempt ended is always on the row before this task returns.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Task } from 'graphile-worker';
import { z } from 'zod';
import { AttemptFailure } from '../domain/failure.ts';
import { extractorsFor } from '../domain/url.ts';
import type { Logger } from '../logger.ts';
import { squareCover } from '../media/cover.ts';
import type { HostEnvironment } from '../media/environment.ts';
import { transcode } from '../media/ffmpeg.ts';
import { verify } from '../media/probe.ts';
import type { Ffmpeg, Workplace } from '../media/probe.ts';
import { tag } from '../media/tags.ts';
import { fetchSource } from '../media/ytdlp.ts';
import type { FetchedSource } from '../media/ytdlp.ts';
import type { YtDlp } from '../media/ytdlpFlags.ts';
import { AttemptLost, WorkerStopping } from '../services/attempts.ts';
import type { Attempt, Attempts } from '../services/attempts.ts';
import type { Storage } from '../storage.ts';

export type ConvertOptions = {
  readonly attempts: Attempts;
  readonly storage: Storage;
  readonly ytdlp: YtDlp;
  readonly ffmpeg: Ffmpeg;
  /** The egress guard: all traffic of yt-dlp goes through it. */
  readonly proxyUrl: string;
  readonly hostEnvironment: HostEnvironment;
  readonly limits: { readonly maxDurationSeconds: number; readonly maxFilesizeBytes: number };
  readonly logger: Logger;
  /** Resolves when this worker is on record: before that, a claim would look like a dead worker's. */
  readonly onRecord: Promise<unknown>;
};

/** Together below the four hours after which graphile-worker would start the job a second time. */
const downloadTimeoutMs = 2 * 60 * 60 * 1_000;
const transcodeTimeoutMs = 90 * 60 * 1_000;

/** Seconds of sound encoded in a second on one core of a small machine: for the estimate that people see. */
const typicalEncodingSpeed = 40;

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
    try {
      await runAttempt(attempt, options);
      logger.info('attempt succeeded');
    } catch (error) {
      await endAttempt(attempt, attempt.signal.aborted ? attempt.signal.reason : error, logger);
    }
  };
}

async function runAttempt(attempt: Attempt, options: ConvertOptions): Promise<void> {
  await using folder = await options.storage.openWorkFolder(attempt.key);
  const workplace: Workplace = {
    ffmpeg: options.ffmpeg,
    folder: folder.path,
    hostEnvironment: options.hostEnvironment,
    signal: attempt.signal,
    timeoutMs: transcodeTimeoutMs,
  };
  const source = await resolveAndDownload(attempt, folder.path, options);
  const sound = await transcodeSound(attempt, source, workplace, options);
  const tagged = await tagSound(attempt, source, sound.path, workplace);
  const measured = await verify(tagged, sound.durationSeconds, workplace);
  await storeAndFinish(attempt, tagged, measured, options.storage);
}

/** One run of yt-dlp does both: a second one would cost a second extraction. */
async function resolveAndDownload(
  attempt: Attempt,
  folder: string,
  { ytdlp, proxyUrl, hostEnvironment, limits }: ConvertOptions,
): Promise<FetchedSource> {
  const { source, options } = attempt.job;
  let described = Promise.resolve();
  let soundSeconds = 0;
  const fetched = await fetchSource({
    ytdlp,
    url: source.canonicalUrl,
    extractors: extractorsFor(source.site),
    limits,
    wantCover: options.embedThumbnail,
    proxyUrl,
    folder,
    hostEnvironment,
    signal: attempt.signal,
    timeoutMs: downloadTimeoutMs,
    onSource({ title, uploader, durationSeconds, thumbnailUrl }) {
      soundSeconds = durationSeconds ?? 0;
      described = attempt
        .describe({ title, uploader, durationSeconds, thumbnailUrl })
        .then(() => attempt.enter('DOWNLOADING'));
      // It is awaited below; until then a lost attempt is told by the signal.
      described.catch(() => {});
    },
    onProgress({ bytesDone, bytesTotal, bytesPerSecond, etaSeconds }) {
      attempt.report({
        fraction: bytesTotal ? bytesDone / bytesTotal : null,
        bytesDone,
        bytesTotal,
        bytesPerSecond,
        etaSeconds:
          etaSeconds === null ? null : Math.ceil(etaSeconds + soundSeconds / typicalEncodingSpeed),
      });
    },
  });
  await described;
  return fetched;
}

async function transcodeSound(
  attempt: Attempt,
  { audioPath, metadata }: FetchedSource,
  workplace: Workplace,
  { limits }: ConvertOptions,
): Promise<{ path: string; durationSeconds: number | null }> {
  await attempt.enter('TRANSCODING');
  const path = join(workplace.folder, 'sound.mp3');
  const { durationSeconds } = await transcode({
    ...workplace,
    input: audioPath,
    output: path,
    durationSeconds: metadata.durationSeconds,
    maxDurationSeconds: limits.maxDurationSeconds,
    quality: attempt.job.options.quality,
    onProgress({ fraction, etaSeconds }) {
      attempt.report({
        fraction,
        bytesDone: null,
        bytesTotal: null,
        bytesPerSecond: null,
        etaSeconds: etaSeconds === null ? null : Math.ceil(etaSeconds),
      });
    },
  });
  return { path, durationSeconds };
}

async function tagSound(
  attempt: Attempt,
  { metadata, coverPath }: FetchedSource,
  input: string,
  workplace: Workplace,
): Promise<string> {
  await attempt.enter('TAGGING');
  const output = join(workplace.folder, 'tagged.mp3');
  await tag({
    input,
    output,
    cover: await squareCover(coverPath, workplace),
    tags: {
      title: metadata.track ?? metadata.title,
      artist: metadata.artist ?? metadata.uploader,
      album: metadata.album,
      date: metadata.uploadDate,
      sourceUrl: attempt.job.source.canonicalUrl,
    },
    signal: attempt.signal,
  });
  return output;
}

/** The file is in the store a moment before the row says so, never the other way round. */
async function storeAndFinish(
  attempt: Attempt,
  file: string,
  measured: { durationSeconds: number; bitrateKbps: number },
  storage: Storage,
): Promise<void> {
  await attempt.enter('STORING');
  const stored = await storage.publish(file, attempt.key);
  try {
    const token = randomBytes(16).toString('base64url');
    await attempt.finish({ token, ...stored, ...measured });
  } catch (error) {
    // Any other error may hide that the row names the file already; the sweep knows what is left over.
    if (error instanceof AttemptLost) await storage.removeArtifact(attempt.key);
    throw error;
  }
}

async function endAttempt(attempt: Attempt, cause: unknown, logger: Logger): Promise<void> {
  if (cause instanceof WorkerStopping) {
    await attempt.release();
    logger.info('attempt handed back, the worker is stopping');
    return;
  }
  if (cause instanceof AttemptLost) {
    logger.info('attempt stopped: it was canceled or taken over');
    // Returning would make graphile-worker delete a queue job that may be another worker's by now.
    throw cause;
  }
  const failure =
    cause instanceof AttemptFailure ? cause : new AttemptFailure('INTERNAL', {}, { cause });
  const nextAttemptAt = await attempt.fail(failure.code);
  const { code, facts } = failure;
  const level = code === 'INTERNAL' ? 'error' : 'warn';
  logger[level]({ code, facts, err: failure.cause, nextAttemptAt }, 'attempt failed');
}
