// Where an attempt finds the source that an earlier one has downloaded, and what becomes of it at the end. How it
// is kept is in src/storage/keptSources.ts.

import { z } from 'zod';
import type { JobFailureCode } from '../domain/failure.ts';
import type { Job } from '../domain/job.ts';
import type { FetchedSource } from '../media/ytdlp.ts';
import type { FetchedMetadata } from '../media/ytdlpOutput.ts';
import type { KeptSources, SourceKey } from '../storage/keptSources.ts';

const text = z.string().nullable();
const aboutSchema = z.object({
  metadata: z.object({
    ...{ title: text, uploader: text, durationSeconds: z.number().nullable(), thumbnailUrl: text },
    ...{ artist: text, track: text, album: text, uploadDate: text },
  }) satisfies z.ZodType<FetchedMetadata>,
});

/** The whole source in `folder`, as if it had been downloaded; null when it has to be. */
export async function takeSource(
  sources: KeptSources,
  { source }: Job,
  { folder, maxDurationSeconds }: { folder: string; maxDurationSeconds: number },
): Promise<FetchedSource | null> {
  const isWanted = (about: unknown) => {
    const { success, data } = aboutSchema.safeParse(about);
    return success && (data.metadata.durationSeconds ?? 0) <= maxDurationSeconds;
  };
  const taken = await sources.take(source, folder, isWanted);
  return taken && { ...taken, metadata: aboutSchema.parse(taken.about).metadata };
}

/** Keeps what was downloaded. */
export async function keepSource(
  sources: KeptSources,
  { source }: Job,
  { audioPath, coverPath, metadata }: FetchedSource,
): Promise<void> {
  const about: z.infer<typeof aboutSchema> = { metadata };
  await sources.keep(source, { audioPath, coverPath }, about);
}

/** Failures that say nothing against a source that was downloaded whole. */
const innocent: ReadonlySet<JobFailureCode> = new Set([
  ...(['TRANSCODE_FAILED', 'TIMED_OUT', 'STORAGE_FULL', 'WORKER_LOST', 'INTERNAL'] as const),
]);

/**
 * After a failure: may the next attempt start from the kept source? Only once: what fails again may fail for
 * the source's own sake.
 */
export function isStillGood(code: JobFailureCode, wasKept: boolean): boolean {
  return innocent.has(code) && !wasKept;
}

export function sourceKey({ source }: Job): SourceKey {
  return { site: source.site, externalId: source.externalId };
}
