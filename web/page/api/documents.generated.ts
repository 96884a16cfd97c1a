/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The quality of the MP3: a constant bitrate, or the best variable one. */
export type AudioQuality =
  /** Constant 128 kbit/s: about 1 MB a minute. */
  | 'KBPS_128'
  /** Constant 192 kbit/s: about 1.4 MB a minute. The default. */
  | 'KBPS_192'
  /** Constant 320 kbit/s: about 2.4 MB a minute, the most that MP3 offers. */
  | 'KBPS_320'
  /** Variable bitrate at LAME's best setting (V0), around 245 kbit/s. */
  | 'VBR_BEST';

/**
 * Why `cancelJob`, `retryJob` or `deleteJob` refused. Members may be added: show the message for an
 * unknown one.
 */
export type JobActionErrorCode =
  /** The job is terminal, so there is nothing to cancel. */
  | 'ALREADY_TERMINAL'
  /** There is no such job, or it is not the caller's: both look the same. */
  | 'NOT_FOUND'
  /** The job has its MP3 or still works on it, so there is nothing to run again. */
  | 'NOT_RETRYABLE'
  /** The server's queue is full: try again later. */
  | 'QUEUE_FULL'
  /** The caller asks too often: wait until `retryAt`. */
  | 'RATE_LIMITED'
  /** The job still waits or runs: cancel it first, or wait. */
  | 'STILL_ACTIVE'
  /** The caller has as many active jobs as it may: wait for one to end. */
  | 'TOO_MANY_ACTIVE_JOBS'
  /** The caller's MP3s take as much room as they may: delete some, or wait for `retryAt`, when the first one expires. */
  | 'TOO_MUCH_STORED';

/** Why an attempt failed. Members may be added: treat an unknown one as INTERNAL. */
export type JobFailureCode =
  /** The site shows the video only to signed-in adults. */
  | 'AGE_RESTRICTED'
  /** The site takes the server for a robot and refuses it for now. */
  | 'BOT_CHECK'
  /** The site has changed and the server's extractor does not know it yet. */
  | 'EXTRACTOR_OUTDATED'
  /** The site does not show the video in the server's country. */
  | 'GEO_BLOCKED'
  /** Any other cause; the server's log has the details. */
  | 'INTERNAL'
  /** The video is a live stream that has not ended. */
  | 'LIVE_STREAM'
  /** The video is for paying members of the channel. */
  | 'MEMBERS_ONLY'
  /** The connection to the site failed or broke. */
  | 'NETWORK'
  /** The video has no sound. */
  | 'NO_AUDIO'
  /** The finished file did not pass its check, for example it was too short, and was thrown away. */
  | 'OUTPUT_INVALID'
  /** The video is private. */
  | 'PRIVATE'
  /** The site asked the server to slow down. Not to be mixed up with a refusal of this API. */
  | 'RATE_LIMITED'
  /** The site wants a signed-in viewer, for another reason than age or membership. */
  | 'SIGN_IN_REQUIRED'
  /** The server has no room for the file. */
  | 'STORAGE_FULL'
  /** The attempt took longer than it may. */
  | 'TIMED_OUT'
  /** The file is larger than the server accepts. */
  | 'TOO_LARGE'
  /** The video lasts longer than the server accepts. */
  | 'TOO_LONG'
  /** The sound could not be converted. */
  | 'TRANSCODE_FAILED'
  /** The video is not there, or not there any more. */
  | 'UNAVAILABLE'
  /** The site or this kind of page is not supported. */
  | 'UNSUPPORTED_SITE'
  /** The video has not started yet: a premiere or a planned stream. */
  | 'UPCOMING'
  /** The worker disappeared in the middle of the attempt. */
  | 'WORKER_LOST';

/** Narrows the history. What is left out does not narrow; what is given must all hold. */
export type JobFilter = {
  /** Requested at or after this instant. */
  readonly createdAfter?: string | null | undefined;
  /** Requested before this instant. */
  readonly createdBefore?: string | null | undefined;
  /** Words of the title, the uploader or the video's id, in any case; all of them must be there. */
  readonly search?: string | null | undefined;
  /** The address of one video, in any spelling. */
  readonly sourceUrl?: string | null | undefined;
  /** Any of these statuses. An empty list matches nothing. */
  readonly statuses?: ReadonlyArray<JobStatus> | null | undefined;
};

/** What a RUNNING job is doing. Members may be added: treat an unknown one as WORKING. */
export type JobPhase =
  /** Fetches the sound from the site, and converts what has come of it already. */
  | 'DOWNLOADING'
  /** Asks the site what the video is and where its sound can be had. */
  | 'RESOLVING'
  /** Puts the finished MP3 where `result.url` serves it. */
  | 'STORING'
  /** Completes the MP3 and checks that it is whole; title, artist and cover stand in it from the start. */
  | 'TAGGING'
  /** Converts the rest of the sound to MP3. */
  | 'TRANSCODING'
  /** Something that has no name of its own. */
  | 'WORKING';

/**
 * Where a job stands. SUCCEEDED, FAILED, CANCELED and EXPIRED are terminal: nothing changes any more
 * without a caller's action, except that a SUCCEEDED job becomes EXPIRED in time.
 */
export type JobStatus =
  /** Stopped because a caller asked for it. */
  | 'CANCELED'
  /** Had succeeded, and the file was removed since; `retryJob` makes it again. */
  | 'EXPIRED'
  /** Given up: `failure` holds the cause. */
  | 'FAILED'
  /** Waits for a worker: new, or for its next attempt. */
  | 'QUEUED'
  /** A worker is converting it; `progress` tells what it does. */
  | 'RUNNING'
  /** Done: `result` holds the MP3. */
  | 'SUCCEEDED';

/** How the MP3 shall be made. Every field has a default. */
export type Mp3OptionsInput = {
  /** Make the video's picture the cover. A video without a picture succeeds all the same. */
  readonly embedThumbnail?: boolean;
  /** The quality of the sound. */
  readonly quality?: AudioQuality;
};

/** Why `requestMp3` refused. Members may be added: show the message for an unknown one. */
export type RequestMp3ErrorCode =
  /** This idempotency key came before with other arguments: use a new one. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** A page of an allowed site, but not that of a video: a channel, a search, the start page. */
  | 'NOT_A_VIDEO'
  /** An option or the idempotency key is not acceptable. */
  | 'OPTION_INVALID'
  /** A playlist as a whole. The link of one video within a playlist is accepted. */
  | 'PLAYLIST_NOT_ALLOWED'
  /** The server's queue is full: try again later. */
  | 'QUEUE_FULL'
  /** The caller asks too often: wait until `retryAt`. */
  | 'RATE_LIMITED'
  /** The caller has as many active jobs as it may: wait for one to end. */
  | 'TOO_MANY_ACTIVE_JOBS'
  /** The caller's MP3s take as much room as they may: delete some, or wait for `retryAt`, when the first one expires. */
  | 'TOO_MUCH_STORED'
  /** A user name or password is in the URL: take it out. */
  | 'URL_HAS_CREDENTIALS'
  /** This server does not convert from that host. */
  | 'URL_HOST_NOT_ALLOWED'
  /** Not a URL. */
  | 'URL_MALFORMED'
  /** Neither http nor https. */
  | 'URL_SCHEME_NOT_ALLOWED'
  /** Longer than 2048 characters. */
  | 'URL_TOO_LONG';

/** How `requestMp3` got the job that it answers. */
export type RequestMp3Outcome =
  /** A new job was made. */
  | 'CREATED'
  /** The same MP3 was already being made: the caller shares that job. */
  | 'JOINED'
  /** An earlier call with this idempotency key made or found the job; nothing was done again. */
  | 'REPLAYED'
  /** The same MP3 was there already: the job is SUCCEEDED. */
  | 'REUSED';

export type CancelJobMutationVariables = Exact<{
  id: string;
}>;


export type CancelJobMutation = { readonly cancelJob: { readonly job: { readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: JobActionErrorCode, readonly message: string }> } | null };

export type RetryJobMutationVariables = Exact<{
  id: string;
}>;


export type RetryJobMutation = { readonly retryJob: { readonly job: { readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: JobActionErrorCode, readonly message: string }> } | null };

export type DeleteJobMutationVariables = Exact<{
  id: string;
}>;


export type DeleteJobMutation = { readonly deleteJob: { readonly deletedJobId: string | null, readonly userErrors: ReadonlyArray<{ readonly code: JobActionErrorCode, readonly message: string }> } | null };

export type HistoryQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: JobFilter | null | undefined;
}>;


export type HistoryQuery = { readonly jobs: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type HistoryIdsQueryVariables = Exact<{
  after?: string | null | undefined;
  filter?: JobFilter | null | undefined;
}>;


export type HistoryIdsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly id: string }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type JobRowFragment = { readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null };

export type JobDetailsQueryVariables = Exact<{
  id: string;
}>;


export type JobDetailsQuery = { readonly job: { readonly version: number, readonly timeline: ReadonlyArray<{ readonly at: string, readonly status: JobStatus, readonly phase: JobPhase | null, readonly attempt: number, readonly failureCode: JobFailureCode | null }>, readonly result: { readonly sha256: string } | null } | null };

export type WatchJobsSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WatchJobsSubscription = { readonly jobs: { readonly isSnapshot: boolean, readonly removedIds: ReadonlyArray<string>, readonly jobs: ReadonlyArray<{ readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null }> } | null };

export type PollJobsQueryVariables = Exact<{
  heldIds: ReadonlyArray<string> | string;
}>;


export type PollJobsQuery = { readonly jobs: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null }> } | null, readonly nodes: ReadonlyArray<{ readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null } | null> };

export type JobsByIdQueryVariables = Exact<{
  ids: ReadonlyArray<string> | string;
}>;


export type JobsByIdQuery = { readonly nodes: ReadonlyArray<{ readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null } | null> };

export type QueuePositionsQueryVariables = Exact<{
  ids: ReadonlyArray<string> | string;
}>;


export type QueuePositionsQuery = { readonly nodes: ReadonlyArray<{ readonly id: string, readonly queuePosition: number | null } | null>, readonly queueStats: { readonly pausedLanes: ReadonlyArray<{ readonly site: string, readonly code: JobFailureCode, readonly until: string, readonly waiting: number }> } | null };

export type PausedLaneFragment = { readonly site: string, readonly code: JobFailureCode, readonly until: string, readonly waiting: number };

export type QueueNowFragment = { readonly asOf: string, readonly queued: number, readonly running: number, readonly waitingForRetry: number, readonly workers: number, readonly workerSlots: number, readonly oldestQueuedAt: string | null, readonly pausedLanes: ReadonlyArray<{ readonly site: string, readonly code: JobFailureCode, readonly until: string, readonly waiting: number }> };

export type WatchQueueSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WatchQueueSubscription = { readonly queueStats: { readonly asOf: string, readonly queued: number, readonly running: number, readonly waitingForRetry: number, readonly workers: number, readonly workerSlots: number, readonly oldestQueuedAt: string | null, readonly pausedLanes: ReadonlyArray<{ readonly site: string, readonly code: JobFailureCode, readonly until: string, readonly waiting: number }> } | null };

export type QueueHourQueryVariables = Exact<{ [key: string]: never; }>;


export type QueueHourQuery = { readonly queueStats: { readonly asOf: string, readonly queued: number, readonly running: number, readonly waitingForRetry: number, readonly workers: number, readonly workerSlots: number, readonly oldestQueuedAt: string | null, readonly window: { readonly succeeded: number, readonly failed: number, readonly canceled: number, readonly waitSecondsP50: number | null, readonly waitSecondsP95: number | null, readonly runSecondsP50: number | null, readonly runSecondsP95: number | null }, readonly series: ReadonlyArray<{ readonly startsAt: string, readonly succeeded: number, readonly failed: number, readonly canceled: number, readonly waitSecondsP50: number | null, readonly runSecondsP50: number | null }>, readonly failures: ReadonlyArray<{ readonly code: JobFailureCode, readonly count: number }>, readonly workerList: ReadonlyArray<{ readonly id: string, readonly slots: number, readonly running: number, readonly startedAt: string, readonly seenAt: string }>, readonly pausedLanes: ReadonlyArray<{ readonly site: string, readonly code: JobFailureCode, readonly until: string, readonly waiting: number }> } | null };

export type RequestMp3MutationVariables = Exact<{
  url: string;
  options: Mp3OptionsInput;
  idempotencyKey: string;
}>;


export type RequestMp3Mutation = { readonly requestMp3: { readonly outcome: RequestMp3Outcome | null, readonly job: { readonly id: string, readonly version: number, readonly status: JobStatus, readonly isTerminal: boolean, readonly sourceUrl: string, readonly thumbnailUrl: string | null, readonly attempt: number, readonly maxAttempts: number, readonly nextAttemptAt: string | null, readonly queuePosition: number | null, readonly createdAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly options: { readonly quality: AudioQuality, readonly embedThumbnail: boolean }, readonly progress: { readonly phase: JobPhase | null, readonly fraction: number | null, readonly bytesPerSecond: number | null, readonly etaSeconds: number | null, readonly asOf: string }, readonly source: { readonly site: string, readonly externalId: string, readonly title: string | null, readonly uploader: string | null, readonly durationSeconds: number | null } | null, readonly preview: { readonly url: string } | null, readonly result: { readonly url: string, readonly fileName: string, readonly sizeBytes: number, readonly durationSeconds: number, readonly bitrateKbps: number, readonly expiresAt: string | null } | null, readonly failure: { readonly code: JobFailureCode, readonly message: string, readonly isRetryable: boolean, readonly occurredAt: string } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: RequestMp3ErrorCode, readonly message: string, readonly retryAt: string | null }> } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const JobRowFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}
    `, {"fragmentName":"JobRow"}) as unknown as TypedDocumentString<JobRowFragment, unknown>;
export const PausedLaneFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment PausedLane on PausedLane {
  site
  code
  until
  waiting
}
    `, {"fragmentName":"PausedLane"}) as unknown as TypedDocumentString<PausedLaneFragment, unknown>;
export const QueueNowFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment QueueNow on QueueStats {
  asOf
  queued
  running
  waitingForRetry
  workers
  workerSlots
  oldestQueuedAt
  pausedLanes {
    ...PausedLane
  }
}
    fragment PausedLane on PausedLane {
  site
  code
  until
  waiting
}`, {"fragmentName":"QueueNow"}) as unknown as TypedDocumentString<QueueNowFragment, unknown>;
export const CancelJobDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation CancelJob($id: ID!) {
  cancelJob(id: $id) {
    job {
      ...JobRow
    }
    userErrors {
      code
      message
    }
  }
}
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<CancelJobMutation, CancelJobMutationVariables>;
export const RetryJobDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation RetryJob($id: ID!) {
  retryJob(id: $id) {
    job {
      ...JobRow
    }
    userErrors {
      code
      message
    }
  }
}
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<RetryJobMutation, RetryJobMutationVariables>;
export const DeleteJobDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation DeleteJob($id: ID!) {
  deleteJob(id: $id) {
    deletedJobId
    userErrors {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<DeleteJobMutation, DeleteJobMutationVariables>;
export const HistoryDocument = /*#__PURE__*/ new TypedDocumentString(`
    query History($first: Int!, $after: String, $filter: JobFilter) {
  jobs(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      ...JobRow
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<HistoryQuery, HistoryQueryVariables>;
export const HistoryIdsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query HistoryIds($after: String, $filter: JobFilter) {
  jobs(first: 100, after: $after, filter: $filter) {
    nodes {
      id
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<HistoryIdsQuery, HistoryIdsQueryVariables>;
export const JobDetailsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query JobDetails($id: ID!) {
  job(id: $id) {
    version
    timeline {
      at
      status
      phase
      attempt
      failureCode
    }
    result {
      sha256
    }
  }
}
    `) as unknown as TypedDocumentString<JobDetailsQuery, JobDetailsQueryVariables>;
export const WatchJobsDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription WatchJobs {
  jobs(activeOnly: false, briefSnapshot: true) {
    isSnapshot
    jobs {
      ...JobRow
    }
    removedIds
  }
}
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<WatchJobsSubscription, WatchJobsSubscriptionVariables>;
export const PollJobsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query PollJobs($heldIds: [ID!]!) {
  jobs(first: 100, filter: {statuses: [QUEUED, RUNNING]}) {
    nodes {
      ...JobRow
    }
  }
  nodes(ids: $heldIds) {
    ... on Job {
      ...JobRow
    }
  }
}
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<PollJobsQuery, PollJobsQueryVariables>;
export const JobsByIdDocument = /*#__PURE__*/ new TypedDocumentString(`
    query JobsById($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Job {
      ...JobRow
    }
  }
}
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<JobsByIdQuery, JobsByIdQueryVariables>;
export const QueuePositionsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query QueuePositions($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Job {
      id
      queuePosition
    }
  }
  queueStats {
    pausedLanes {
      ...PausedLane
    }
  }
}
    fragment PausedLane on PausedLane {
  site
  code
  until
  waiting
}`) as unknown as TypedDocumentString<QueuePositionsQuery, QueuePositionsQueryVariables>;
export const WatchQueueDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription WatchQueue {
  queueStats {
    ...QueueNow
  }
}
    fragment PausedLane on PausedLane {
  site
  code
  until
  waiting
}
fragment QueueNow on QueueStats {
  asOf
  queued
  running
  waitingForRetry
  workers
  workerSlots
  oldestQueuedAt
  pausedLanes {
    ...PausedLane
  }
}`) as unknown as TypedDocumentString<WatchQueueSubscription, WatchQueueSubscriptionVariables>;
export const QueueHourDocument = /*#__PURE__*/ new TypedDocumentString(`
    query QueueHour {
  queueStats {
    ...QueueNow
    window(minutes: 60) {
      succeeded
      failed
      canceled
      waitSecondsP50
      waitSecondsP95
      runSecondsP50
      runSecondsP95
    }
    series(minutes: 60) {
      startsAt
      succeeded
      failed
      canceled
      waitSecondsP50
      runSecondsP50
    }
    failures(minutes: 60) {
      code
      count
    }
    workerList {
      id
      slots
      running
      startedAt
      seenAt
    }
  }
}
    fragment PausedLane on PausedLane {
  site
  code
  until
  waiting
}
fragment QueueNow on QueueStats {
  asOf
  queued
  running
  waitingForRetry
  workers
  workerSlots
  oldestQueuedAt
  pausedLanes {
    ...PausedLane
  }
}`) as unknown as TypedDocumentString<QueueHourQuery, QueueHourQueryVariables>;
export const RequestMp3Document = /*#__PURE__*/ new TypedDocumentString(`
    mutation RequestMp3($url: String!, $options: Mp3OptionsInput!, $idempotencyKey: String!) {
  requestMp3(url: $url, options: $options, idempotencyKey: $idempotencyKey) {
    outcome
    job {
      ...JobRow
    }
    userErrors {
      code
      message
      retryAt
    }
  }
}
    fragment JobRow on Job {
  id
  version
  status
  isTerminal
  sourceUrl
  thumbnailUrl
  options {
    quality
    embedThumbnail
  }
  progress {
    phase
    fraction
    bytesPerSecond
    etaSeconds
    asOf
  }
  source {
    site
    externalId
    title
    uploader
    durationSeconds
  }
  preview {
    url
  }
  result {
    url
    fileName
    sizeBytes
    durationSeconds
    bitrateKbps
    expiresAt
  }
  failure {
    code
    message
    isRetryable
    occurredAt
  }
  attempt
  maxAttempts
  nextAttemptAt
  queuePosition
  createdAt
  startedAt
  finishedAt
}`) as unknown as TypedDocumentString<RequestMp3Mutation, RequestMp3MutationVariables>;