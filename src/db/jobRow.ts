// The one translation between a row of tapedeck.jobs and a Job. It holds no statement.

import type { JobFailureCode } from '../domain/failure.ts';
import type { AudioQuality, Job, JobPhase, JobStatus } from '../domain/job.ts';

const columns = `
  id version status site external_id source_url quality embed_thumbnail attempt max_attempts
  phase fraction bytes_done bytes_total bytes_per_second eta_seconds progress_at
  title uploader duration_seconds thumbnail_url thumbnail_token preview_token
  artifact_token artifact_size_bytes artifact_sha256 artifact_duration_seconds artifact_bitrate_kbps
  expires_at failure_code failed_at created_at run_at held_at started_at updated_at finished_at
`
  .trim()
  .split(/\s+/);

/** The select list of a Job read from `relation`, an alias or a composite value such as `(job)`. */
export function jobColumns(relation: string): string {
  return columns.map((column) => `${relation}.${column}`).join(', ');
}

/** A row as pg hands it over: bigint as text, timestamptz as Date. */
export type JobRow = {
  id: string;
  version: number;
  status: JobStatus;
  site: string;
  external_id: string;
  source_url: string;
  quality: AudioQuality;
  embed_thumbnail: boolean;
  attempt: number;
  max_attempts: number;
  phase: JobPhase | null;
  fraction: number;
  bytes_done: string | null;
  bytes_total: string | null;
  bytes_per_second: number | null;
  eta_seconds: number | null;
  progress_at: Date;
  title: string | null;
  uploader: string | null;
  duration_seconds: number | null;
  thumbnail_url: string | null;
  thumbnail_token: string | null;
  preview_token: string | null;
  artifact_token: string | null;
  artifact_size_bytes: string | null;
  artifact_sha256: string | null;
  artifact_duration_seconds: number | null;
  artifact_bitrate_kbps: number | null;
  expires_at: Date | null;
  failure_code: JobFailureCode | null;
  failed_at: Date | null;
  created_at: Date;
  run_at: Date;
  held_at: Date | null;
  started_at: Date | null;
  updated_at: Date;
  finished_at: Date | null;
};

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    version: row.version,
    status: row.status,
    source: { site: row.site, externalId: row.external_id, canonicalUrl: row.source_url },
    options: { quality: row.quality, embedThumbnail: row.embed_thumbnail },
    progress: {
      phase: row.phase,
      fraction: row.fraction,
      bytesDone: toNumber(row.bytes_done),
      bytesTotal: toNumber(row.bytes_total),
      bytesPerSecond: row.bytes_per_second,
      etaSeconds: row.eta_seconds,
      asOf: row.progress_at,
    },
    metadata: toMetadata(row),
    thumbnailToken: row.thumbnail_token,
    previewToken: row.status === 'RUNNING' ? row.preview_token : null,
    artifact: toArtifact(row),
    expiresAt: row.expires_at,
    failure:
      row.failure_code !== null && row.failed_at !== null
        ? { code: row.failure_code, occurredAt: row.failed_at }
        : null,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    createdAt: row.created_at,
    runAt: row.run_at,
    heldAt: row.held_at,
    startedAt: row.started_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at,
  };
}

/** Sizes stay far below 2^53, so a JavaScript number holds them exactly. */
function toNumber(value: string | null): number | null {
  return value === null ? null : Number(value);
}

function toMetadata(row: JobRow): Job['metadata'] {
  const { title, uploader, duration_seconds: durationSeconds, thumbnail_url: thumbnailUrl } = row;
  const isKnown = [title, uploader, durationSeconds, thumbnailUrl].some((value) => value !== null);
  return isKnown ? { title, uploader, durationSeconds, thumbnailUrl } : null;
}

/** All five columns are set or none is: constraint jobs_artifact_whole_or_absent. */
function toArtifact(row: JobRow): Job['artifact'] {
  if (row.artifact_token === null) return null;
  return {
    token: row.artifact_token,
    sizeBytes: Number(row.artifact_size_bytes),
    sha256: row.artifact_sha256 ?? '',
    durationSeconds: row.artifact_duration_seconds ?? 0,
    bitrateKbps: row.artifact_bitrate_kbps ?? 0,
  };
}
