// Jobs in any state, brought there by the statements that the worker uses: for tests of the API, which runs
// no tool. The MP3s are stored as the worker stores them, but hold any bytes.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  claimAttempt,
  failAttempt,
  finishAttempt,
  recordSource,
  retryAttemptLater,
} from '../../src/db/attempts.ts';
import type { AttemptKey } from '../../src/db/attempts.ts';
import { requestJob } from '../../src/db/requests.ts';
import { expireLostArtifact } from '../../src/db/upkeep.ts';
import type { JobFailureCode } from '../../src/domain/failure.ts';
import type { Job, Mp3Options, SourceMetadata } from '../../src/domain/job.ts';
import { everybody } from '../../src/domain/access.ts';
import { attemptsPerRequest } from '../../src/domain/retry.ts';
import { youtubeWatchUrl } from '../../src/domain/youtube.ts';
import { toGlobalId } from '../../src/resolvers/globalId.ts';
import type { TestApp } from './app.ts';

/** A job as a test speaks of it. */
export type MadeJob = AttemptKey & {
  /** As callers know it. */
  readonly id: string;
  readonly videoId: string;
};

type Made = {
  /** The API's own caller by default. */
  readonly ownerId?: string;
  readonly videoId?: string;
  readonly options?: Mp3Options;
};

const usual: Mp3Options = { quality: 'KBPS_192', embedThumbnail: true };

/** The id of a video that no other test asks for. */
export function newVideoId(): string {
  return randomBytes(8).toString('base64url');
}

export async function queueJob({ app }: TestApp, made: Made = {}): Promise<MadeJob> {
  const videoId = made.videoId ?? newVideoId();
  const accepted = await requestJob(app.pool, {
    ownerId: made.ownerId ?? everybody,
    source: { site: 'youtube', externalId: videoId, canonicalUrl: youtubeWatchUrl(videoId) },
    options: made.options ?? usual,
    maxAttempts: attemptsPerRequest,
    mayReuse: false,
    idempotency: null,
  });
  return describe(written(accepted?.job ?? null));
}

/** RUNNING in its first phase, or with its next attempt when `job` is given. */
export async function runJob(testApp: TestApp, made: Made & { job?: MadeJob } = {}) {
  const { jobId } = made.job ?? (await queueJob(testApp, made));
  return describe(written(await claimAttempt(testApp.app.pool, jobId, 'a worker')));
}

type Success = Made & {
  readonly job?: MadeJob;
  readonly metadata?: Partial<SourceMetadata>;
  readonly content?: Buffer;
  readonly retentionHours?: number | null;
};

/** SUCCEEDED, with `content` in the store. Finishes `job` when it is given, which has to be RUNNING. */
export async function succeedJob(testApp: TestApp, success: Success = {}) {
  const { pool, storage } = testApp.app;
  const job = success.job ?? (await runJob(testApp, success));
  const unknown = { title: null, uploader: null, durationSeconds: null, thumbnailUrl: null };
  if (success.metadata) await recordSource(pool, job, { ...unknown, ...success.metadata });
  await using folder = await storage.openWorkFolder(job);
  const file = join(folder.path, 'any.mp3');
  await writeFile(file, success.content ?? randomBytes(1_000));
  const stored = await storage.publish(file, job);
  const artifact = {
    ...stored,
    token: randomBytes(16).toString('base64url'),
    durationSeconds: 213.06,
    bitrateKbps: 192,
  };
  const retentionHours = success.retentionHours === undefined ? 24 : success.retentionHours;
  written(await finishAttempt(pool, job, artifact, retentionHours));
  return { ...job, ...artifact };
}

/** FAILED. */
export async function failJob(
  testApp: TestApp,
  code: JobFailureCode = 'PRIVATE',
  made: Made & { job?: MadeJob } = {},
): Promise<MadeJob> {
  const job = made.job ?? (await runJob(testApp, made));
  return describe(written(await failAttempt(testApp.app.pool, job, code)));
}

/** So many FAILED jobs of everybody at once; `oldest` is the video of the first. */
export async function failMany(testApp: TestApp, count: number): Promise<{ oldest: string }> {
  const { videoId } = await failJob(testApp);
  await testApp.app.pool.query(
    `with made as (
       insert into tapedeck.jobs (site, external_id, source_url, quality, embed_thumbnail, max_attempts,
         attempt, status, failure_code, failed_at, finished_at)
       select 'youtube', 'many' || n, 'https://www.youtube.com/watch?v=many' || n, 'KBPS_192', true, 5,
         1, 'FAILED', 'PRIVATE', now(), now() from generate_series(2, $1) n
       returning id)
     insert into tapedeck.job_owners (owner_id, job_id) select $2, id from made`,
    [count, everybody],
  );
  return { oldest: videoId };
}

/** QUEUED again after a failed attempt. */
export async function postponeJob(
  testApp: TestApp,
  code: JobFailureCode,
  delaySeconds: number,
): Promise<MadeJob> {
  const job = await runJob(testApp);
  return describe(written(await retryAttemptLater(testApp.app.pool, job, code, delaySeconds)));
}

/** EXPIRED: its MP3 is no more. */
export async function expireJob(testApp: TestApp, success: Success = {}) {
  const job = await succeedJob(testApp, success);
  await expireLostArtifact(testApp.app.pool, job);
  await testApp.app.storage.removeArtifact(job);
  return job;
}

function written(job: Job | null): Job {
  if (job === null) throw new Error('the job was not in the state that the test thought it in');
  return job;
}

function describe({ id, attempt, source }: Job): MadeJob {
  return { id: toGlobalId(id), jobId: id, attempt, videoId: source.externalId };
}
