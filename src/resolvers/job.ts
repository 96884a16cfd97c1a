// The job as callers see it: names and shapes of the contract over the stored one.

import { artifactFileName } from '../domain/fileName.ts';
import { failures } from '../domain/failure.ts';
import { isRetryable, isTerminal, nextAttemptAt } from '../domain/job.ts';
import type { Job as StoredJob } from '../domain/job.ts';
import { thumbnailPath } from '../services/fileLinks.ts';
import type { FileLinks } from '../services/fileLinks.ts';
import { toGlobalId } from './globalId.ts';
import type { AudioFile, JobResolvers } from './types.generated.ts';

export const Job: JobResolvers = {
  id: (job) => toGlobalId(job.id),
  isTerminal: (job) => isTerminal(job.status),
  sourceUrl: (job) => job.source.canonicalUrl,
  source: ({ source, metadata }) =>
    metadata && { site: source.site, externalId: source.externalId, ...metadata },
  thumbnailUrl: ({ thumbnailToken }) => thumbnailToken && thumbnailPath(thumbnailToken),
  preview: (job, _, { fileLinks }) => {
    if (job.previewToken === null) return null;
    const fileName = fileNameOf(job);
    return { fileName, url: fileLinks.previewPathOf(job.previewToken, fileName) };
  },
  result: (job, _, { fileLinks }) => toAudioFile(job, fileLinks),
  failure: ({ failure }) => {
    if (failure === null) return null;
    const { message, isRetryable: mayBeRetried } = failures[failure.code];
    return { ...failure, message, isRetryable: mayBeRetried };
  },
  nextAttemptAt,
  queuePosition: (job, _, { queries }) =>
    job.status === 'QUEUED' ? queries.countAhead(job.id) : null,
  timeline: (job, _, { queries }) => queries.readTimeline(job.id),
  viewerCanCancel: (job) => !isTerminal(job.status),
  viewerCanRetry: (job) => isRetryable(job.status),
  viewerCanDelete: (job) => isTerminal(job.status),
};

function toAudioFile(job: StoredJob, fileLinks: FileLinks): AudioFile | null {
  if (job.status !== 'SUCCEEDED' || job.artifact === null) return null;
  const { token, ...facts } = job.artifact;
  const fileName = fileNameOf(job);
  return { ...facts, fileName, url: fileLinks.pathOf(token, fileName), expiresAt: job.expiresAt };
}

function fileNameOf({ metadata, source }: StoredJob): string {
  return artifactFileName({
    title: metadata?.title ?? null,
    uploader: metadata?.uploader ?? null,
    externalId: source.externalId,
  });
}
