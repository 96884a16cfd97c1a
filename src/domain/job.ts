// The job: its words and its status machine. Pure data; the database enforces the same rules.

import type { JobFailureCode } from './failure.ts';

/** A job's id: a UUID as Postgres and we write it. */
export const jobIdPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Every status a job can have. SUCCEEDED, FAILED, CANCELED and EXPIRED are terminal. */
export const jobStatuses = [
  'QUEUED',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'EXPIRED',
] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** What a RUNNING job is doing, in the order in which an attempt passes through it. */
export const jobPhases = ['RESOLVING', 'DOWNLOADING', 'TRANSCODING', 'TAGGING', 'STORING'] as const;
export type JobPhase = (typeof jobPhases)[number];

/** The qualities offered: constant bitrates in kbit/s, or LAME V0. */
export const audioQualities = ['KBPS_128', 'KBPS_192', 'KBPS_320', 'VBR_BEST'] as const;
export type AudioQuality = (typeof audioQualities)[number];

/**
 * The allowed moves, drawn in docs/architecture.md. QUEUED again from RUNNING is a retry, a rescue
 * or a hand-over at shutdown; QUEUED from a terminal status is a caller's `retryJob`.
 */
export const transitions: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  QUEUED: ['RUNNING', 'CANCELED'],
  RUNNING: ['SUCCEEDED', 'FAILED', 'CANCELED', 'QUEUED'],
  SUCCEEDED: ['EXPIRED'],
  FAILED: ['QUEUED'],
  CANCELED: ['QUEUED'],
  EXPIRED: ['QUEUED'],
};

/** True when nothing changes any more without a caller's action (or, for SUCCEEDED, the file's expiry). */
export function isTerminal(status: JobStatus): boolean {
  return status !== 'QUEUED' && status !== 'RUNNING';
}

/** True when `retryJob` may run the job again. */
export function isRetryable(status: JobStatus): boolean {
  return transitions[status].includes('QUEUED') && status !== 'RUNNING';
}

/** What the caller asked for. Part of a job's identity. */
export type Mp3Options = { readonly quality: AudioQuality; readonly embedThumbnail: boolean };

/** The video a job converts: where it is, and what it is called there. The identity is site + externalId. */
export type SourceIdentity = {
  /** `youtube`, or the host for any other site. */
  readonly site: string;
  readonly externalId: string;
  /** The one spelling that is passed to yt-dlp and shown to callers. */
  readonly canonicalUrl: string;
};

/** How far the present or latest attempt has come. */
export type Progress = {
  /** Null unless RUNNING. */
  readonly phase: JobPhase | null;
  /** 0 to 1 over the whole job; never falls within an attempt. */
  readonly fraction: number;
  readonly bytesDone: number | null;
  readonly bytesTotal: number | null;
  readonly bytesPerSecond: number | null;
  /** Of the whole job, counted from `asOf`. */
  readonly etaSeconds: number | null;
  readonly asOf: Date;
};

/** What the site says about the source. Any of it may be missing there. */
export type SourceMetadata = {
  readonly title: string | null;
  readonly uploader: string | null;
  readonly durationSeconds: number | null;
  readonly thumbnailUrl: string | null;
};

/** The stored MP3. `token` is the unguessable part of its address. */
export type Artifact = {
  readonly token: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly durationSeconds: number;
  /** The average, for VBR too. */
  readonly bitrateKbps: number;
};

/** One conversion of one source into one MP3, as stored. Callers share it; see job_owners in sql/. */
export type Job = {
  /** A UUID; callers see it wrapped by src/resolvers/globalId.ts. */
  readonly id: string;
  readonly version: number;
  readonly status: JobStatus;
  readonly source: SourceIdentity;
  readonly options: Mp3Options;
  readonly progress: Progress;
  /** Null until the site has been asked. */
  readonly metadata: SourceMetadata | null;
  /** The unguessable part of its small picture's address; null when it has none (yet). */
  readonly thumbnailToken: string | null;
  /** The unguessable part of the address where the MP3 can be heard as it grows; null unless it can. */
  readonly previewToken: string | null;
  /** Kept while EXPIRED too, so that an old address answers "gone" and not "never heard of". */
  readonly artifact: Artifact | null;
  /** Null when the file is kept for ever. */
  readonly expiresAt: Date | null;
  readonly failure: { readonly code: JobFailureCode; readonly occurredAt: Date } | null;
  /** Attempts started, and the fencing token of the latest: only its task may write. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly createdAt: Date;
  /** When it may run: its place in the queue. */
  readonly runAt: Date;
  /** Since when it waits because its site refuses us; null unless it does. */
  readonly heldAt: Date | null;
  /** Start of the present or latest attempt. */
  readonly startedAt: Date | null;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
};

/** When a job that waits for a retry, or in a paused lane, is due again; null for every other job. */
export function nextAttemptAt(job: Job): Date | null {
  return job.status === 'QUEUED' && job.failure !== null ? job.runAt : null;
}
