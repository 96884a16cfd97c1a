// Jobs in any state, brought there by the statements that the worker uses: for tests of the API, which runs
// no tool. The MP3s are stored as the worker stores them, but hold any bytes.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../../src/app.ts';
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

/** A job as a test speaks of it. */
export type MadeJob = AttemptKey & {
  /** As callers know it. */
  readonly id: string;
  readonly videoId: string;
};

/** Where they are made: as much of an application as that takes. */
type Workshop = { readonly app: Pick<App, 'pool' | 'storage'> };

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

export async function queueJob({ app }: Workshop, made: Made = {}): Promise<MadeJob> {
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
export async function runJob(workshop: Workshop, made: Made & { job?: MadeJob } = {}) {
  const { jobId } = made.job ?? (await queueJob(workshop, made));
  return describe(written(await claimAttempt(workshop.app.pool, jobId, 'a worker')));
}

type Success = Made & {
  readonly job?: MadeJob;
  readonly metadata?: Partial<SourceMetadata>;
  readonly content?: Buffer;
  readonly retentionHours?: number | null;
};

/** SUCCEEDED, with `content` in the store. Finishes `job` when it is given, which has to be RUNNING. */
export async function succeedJob(workshop: Workshop, success: Success = {}) {
  const { pool, storage } = workshop.app;
  const job = success.job ?? (await runJob(workshop, success));
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
  workshop: Workshop,
  code: JobFailureCode = 'PRIVATE',
  made: Made & { job?: MadeJob } = {},
): Promise<MadeJob> {
  const job = made.job ?? (await runJob(workshop, made));
  return describe(written(await failAttempt(workshop.app.pool, job, code)));
}

/** So many FAILED jobs of everybody at once; `oldest` is the video of the first. */
export async function failMany(workshop: Workshop, count: number): Promise<{ oldest: string }> {
  const { videoId } = await failJob(workshop);
  await workshop.app.pool.query(
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
  workshop: Workshop,
  code: JobFailureCode,
  delaySeconds: number,
): Promise<MadeJob> {
  const job = await runJob(workshop);
  return describe(written(await retryAttemptLater(workshop.app.pool, job, code, delaySeconds)));
}

/** EXPIRED: its MP3 is no more. */
export async function expireJob(workshop: Workshop, success: Success = {}) {
  const job = await succeedJob(workshop, success);
  await expireLostArtifact(workshop.app.pool, job);
  await workshop.app.storage.removeArtifact(job);
  return job;
}

function written(job: Job | null): Job {
  if (job === null) throw new Error('the job was not in the state that the test thought it in');
  return job;
}

function describe({ id, attempt, source }: Job): MadeJob {
  return { id: toGlobalId(id), jobId: id, attempt, videoId: source.externalId };
}
