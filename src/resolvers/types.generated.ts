import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { JobModel, JobConnectionModel, QueueStatsModel } from './mappers.ts';
import type { Context } from './context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An instant in RFC 3339 form, sent in UTC with `Z`, for example `2026-11-22T10:15:00.000Z`. */
  DateTime: { input: Date; output: Date; }
  /** A whole number from 0 to 2^53-1, sent as a JSON number (`Int` stops at 2^31-1). */
  SafeInt: { input: number; output: number; }
  /** An absolute http(s) URL, or a root-relative path of this server such as `/files/…`. */
  URL: { input: string; output: string; }
};

/** The finished MP3. */
export type AudioFile = {
  readonly __typename?: 'AudioFile';
  /** Bitrate in kbit/s; the average when it varies. */
  readonly bitrateKbps: Scalars['Int']['output'];
  /** Length in seconds, measured in the file itself. */
  readonly durationSeconds: Scalars['Float']['output'];
  /** From then on the file may be removed. Null when it is kept for good. */
  readonly expiresAt: Maybe<Scalars['DateTime']['output']>;
  /** The readable name it is saved under, such as `Artist - Title.mp3`. */
  readonly fileName: Scalars['String']['output'];
  /** SHA-256 of the file, lower-case hexadecimal. */
  readonly sha256: Scalars['String']['output'];
  /** Size in bytes. */
  readonly sizeBytes: Scalars['SafeInt']['output'];
  /** Where to get it, a path of this server; it serves byte ranges and conditional requests. */
  readonly url: Scalars['URL']['output'];
};

/** An MP3 that is still being made. It is sent as it grows, from its beginning and without ranges. */
export type AudioPreview = {
  readonly __typename?: 'AudioPreview';
  /** What the file will be called. */
  readonly fileName: Scalars['String']['output'];
  /**
   * A path of this server. The answer goes on until the MP3 is whole, and only then ends in good order: when the job
   * fails or is canceled, the connection breaks. Once the job has SUCCEEDED it leads to the finished file.
   */
  readonly url: Scalars['URL']['output'];
};

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

/** The answer of `cancelJob`. */
export type CancelJobPayload = {
  readonly __typename?: 'CancelJobPayload';
  /** The job in its present state, also when refused. Null when NOT_FOUND. */
  readonly job: Maybe<Job>;
  /** The refusals. Empty when done. */
  readonly userErrors: ReadonlyArray<JobActionError>;
};

/** The answer of `deleteJob`. */
export type DeleteJobPayload = {
  readonly __typename?: 'DeleteJobPayload';
  /** The id of the job that is gone. Null when refused. */
  readonly deletedJobId: Maybe<Scalars['ID']['output']>;
  /** The refusals. Empty when done. */
  readonly userErrors: ReadonlyArray<JobActionError>;
};

/** How often jobs failed for one cause. */
export type FailureCount = {
  readonly __typename?: 'FailureCount';
  /** The cause. */
  readonly code: JobFailureCode;
  /** Jobs that failed for it. */
  readonly count: Scalars['Int']['output'];
};

/** One conversion of one source into one MP3. */
export type Job = Node & {
  readonly __typename?: 'Job';
  /** The number of the present or latest attempt. 0 before the first. */
  readonly attempt: Scalars['Int']['output'];
  /** When the job was first requested. */
  readonly createdAt: Scalars['DateTime']['output'];
  /**
   * The cause of the latest failed attempt, also while a retry waits or runs; final when the status is
   * FAILED. Null when no attempt failed yet.
   */
  readonly failure: Maybe<JobFailure>;
  /** When the job reached its terminal status. Null before. */
  readonly finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** Global, opaque and permanent; kept by `retryJob`. */
  readonly id: Scalars['ID']['output'];
  /** True when no further change comes without a caller's action: the status is terminal. */
  readonly isTerminal: Scalars['Boolean']['output'];
  /** After this many attempts the job fails for good. */
  readonly maxAttempts: Scalars['Int']['output'];
  /** When the next attempt is due. Null unless the job waits for a retry. */
  readonly nextAttemptAt: Maybe<Scalars['DateTime']['output']>;
  /** How the MP3 is made. */
  readonly options: Mp3Options;
  /** The MP3 as far as it is made, to be heard meanwhile. Null unless the job is RUNNING and there is sound already. */
  readonly preview: Maybe<AudioPreview>;
  /** How far the present attempt is, or how far the last one came. */
  readonly progress: JobProgress;
  /** The number of jobs ahead of this one, 0 when it is next; an estimate. Null unless QUEUED. */
  readonly queuePosition: Maybe<Scalars['Int']['output']>;
  /** The MP3. Non-null exactly when the status is SUCCEEDED. */
  readonly result: Maybe<AudioFile>;
  /** What the site says about the video. Null until the source was resolved. */
  readonly source: Maybe<SourceMetadata>;
  /** The video's address as accepted, in canonical form: every spelling of one video gives the same. */
  readonly sourceUrl: Scalars['URL']['output'];
  /** When the latest attempt started. Null before the first. */
  readonly startedAt: Maybe<Scalars['DateTime']['output']>;
  /** Where the job stands. */
  readonly status: JobStatus;
  /**
   * A small square picture of the video, a path of this server that may be cached for ever. Null until it was fetched,
   * and when the site has none.
   */
  readonly thumbnailUrl: Maybe<Scalars['URL']['output']>;
  /** What happened to it so far: a row for each change of status, phase or attempt; the latest 200, oldest first. */
  readonly timeline: ReadonlyArray<JobEvent>;
  /** When the job last changed visibly. */
  readonly updatedAt: Scalars['DateTime']['output'];
  /** Rises with every visible change: of two copies keep the one with the larger version. */
  readonly version: Scalars['Int']['output'];
  /** True when `cancelJob` would be accepted from this caller now. */
  readonly viewerCanCancel: Scalars['Boolean']['output'];
  /** True when `deleteJob` would be accepted from this caller now. */
  readonly viewerCanDelete: Scalars['Boolean']['output'];
  /** True when `retryJob` would be accepted from this caller now. */
  readonly viewerCanRetry: Scalars['Boolean']['output'];
};

/** Why `cancelJob`, `retryJob` or `deleteJob` refused. */
export type JobActionError = UserError & {
  readonly __typename?: 'JobActionError';
  /** The reason, for programs. */
  readonly code: JobActionErrorCode;
  /** One plain sentence for people: what is wrong and what to do. */
  readonly message: Scalars['String']['output'];
  /** The argument at fault, from the outside in. Null when no single one is. */
  readonly path: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** From then on the same call may be accepted. Null when waiting does not help or the time is unknown. */
  readonly retryAt: Maybe<Scalars['DateTime']['output']>;
};

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

/** One page of jobs. */
export type JobConnection = {
  readonly __typename?: 'JobConnection';
  /** The jobs of this page with their cursors, in the asked order. */
  readonly edges: ReadonlyArray<JobEdge>;
  /** The jobs of this page, for those who need no cursors. */
  readonly nodes: ReadonlyArray<Job>;
  /** What lies before and after this page. */
  readonly pageInfo: PageInfo;
  /** How many jobs match the filter on all pages: exact up to 10 000, where it stops. */
  readonly totalCount: Scalars['Int']['output'];
};

/** One job in the list, and its place there. */
export type JobEdge = {
  readonly __typename?: 'JobEdge';
  /** Opaque; for `after` and `before` under the same filter and order. */
  readonly cursor: Scalars['String']['output'];
  /** The job. */
  readonly node: Job;
};

/** The job from one instant on, until the next event. */
export type JobEvent = {
  readonly __typename?: 'JobEvent';
  /** When it began. */
  readonly at: Scalars['DateTime']['output'];
  /** Attempts started until then. */
  readonly attempt: Scalars['Int']['output'];
  /** Cause of the latest failed attempt at that time. */
  readonly failureCode: Maybe<JobFailureCode>;
  /** What it did from then on. Null unless RUNNING. */
  readonly phase: Maybe<JobPhase>;
  /** The job's status from then on. */
  readonly status: JobStatus;
};

/** Why an attempt failed. */
export type JobFailure = {
  readonly __typename?: 'JobFailure';
  /** The cause, for programs. */
  readonly code: JobFailureCode;
  /** True when another attempt can help, by itself or through `retryJob`. */
  readonly isRetryable: Scalars['Boolean']['output'];
  /**
   * One plain sentence for people: what happened and what to do. It may be reworded, and never holds
   * paths, command lines or traces.
   */
  readonly message: Scalars['String']['output'];
  /** When the attempt failed. */
  readonly occurredAt: Scalars['DateTime']['output'];
};

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
  readonly createdAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Requested before this instant. */
  readonly createdBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Words of the title, the uploader or the video's id, in any case; all of them must be there. */
  readonly search?: InputMaybe<Scalars['String']['input']>;
  /** The address of one video, in any spelling. */
  readonly sourceUrl?: InputMaybe<Scalars['String']['input']>;
  /** Any of these statuses. An empty list matches nothing. */
  readonly statuses?: InputMaybe<ReadonlyArray<JobStatus>>;
};

/** The order of the history; the latest request first by default. */
export type JobOrder = {
  /** Which end comes first. */
  readonly direction: OrderDirection;
  /** What to order by. */
  readonly field: JobOrderField;
};

/** What the history is ordered by. */
export type JobOrderField =
  /** When the job was requested. */
  | 'CREATED_AT'
  /** When the job reached its terminal status; jobs that did not yet count as the latest. */
  | 'FINISHED_AT';

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

/** How far an attempt is. All of it is measured at `asOf`; between two frames a client may extrapolate. */
export type JobProgress = {
  readonly __typename?: 'JobProgress';
  /** When this was measured. */
  readonly asOf: Scalars['DateTime']['output'];
  /** Bytes fetched so far. Null outside the download. */
  readonly bytesDone: Maybe<Scalars['SafeInt']['output']>;
  /** Download speed in bytes a second. Null when unknown, and outside the download. */
  readonly bytesPerSecond: Maybe<Scalars['Float']['output']>;
  /** Bytes to fetch in all. Null when the site does not tell, and outside the download. */
  readonly bytesTotal: Maybe<Scalars['SafeInt']['output']>;
  /** Seconds that the present phase still takes, counted from `asOf`. Null when unknown. */
  readonly etaSeconds: Maybe<Scalars['Int']['output']>;
  /**
   * From 0 to 1 over the whole job, download and conversion together; never falls within an attempt.
   * Null when it cannot be known.
   */
  readonly fraction: Maybe<Scalars['Float']['output']>;
  /** What the job is doing. Null unless RUNNING. */
  readonly phase: Maybe<JobPhase>;
};

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

/** A state of one job. */
export type JobUpdate = {
  readonly __typename?: 'JobUpdate';
  /** True in the last frame: the server completes the stream after it. */
  readonly isFinal: Scalars['Boolean']['output'];
  /** The job. Null when there is none such, it is not the caller's, or it is no more. */
  readonly job: Maybe<Job>;
};

/** A state of the caller's jobs, or what changed in it. */
export type JobsUpdate = {
  readonly __typename?: 'JobsUpdate';
  /**
   * True: `jobs` replaces all that the client holds. False: merge `jobs` by id, keeping the larger
   * version, then drop `removedIds`.
   */
  readonly isSnapshot: Scalars['Boolean']['output'];
  /** All jobs of the snapshot, or those that changed. */
  readonly jobs: ReadonlyArray<Job>;
  /** The jobs that no longer belong to what is watched. Empty in a snapshot. */
  readonly removedIds: ReadonlyArray<Scalars['ID']['output']>;
};

/** How the MP3 is made. Part of a job's identity: other options are another job. */
export type Mp3Options = {
  readonly __typename?: 'Mp3Options';
  /** True when the video's picture becomes the cover, if there is one. */
  readonly embedThumbnail: Scalars['Boolean']['output'];
  /** The quality of the sound. */
  readonly quality: AudioQuality;
};

/** How the MP3 shall be made. Every field has a default. */
export type Mp3OptionsInput = {
  /** Make the video's picture the cover. A video without a picture succeeds all the same. */
  readonly embedThumbnail: Scalars['Boolean']['input'];
  /** The quality of the sound. */
  readonly quality: AudioQuality;
};

/**
 * Everything that can be changed. A payload is null only when the server failed; `errors` says so, and
 * the same call may be sent again.
 */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /**
   * Stops a queued or running job. Of a joined job only the caller's share ends, and the conversion
   * goes on for the others. Canceling a CANCELED job changes nothing and is no error.
   */
  readonly cancelJob: Maybe<CancelJobPayload>;
  /** Removes a terminal job from the caller's history, and its file with the last owner. */
  readonly deleteJob: Maybe<DeleteJobPayload>;
  /**
   * Asks for the MP3 of a video. An accepted request is durable: it survives any restart. Identical
   * requests, by video and options and not by the spelling of the URL, share one conversion.
   */
  readonly requestMp3: Maybe<RequestMp3Payload>;
  /** Runs a FAILED, CANCELED or EXPIRED job again under the same id; `attempt` counts on. */
  readonly retryJob: Maybe<RetryJobPayload>;
};


/**
 * Everything that can be changed. A payload is null only when the server failed; `errors` says so, and
 * the same call may be sent again.
 */
export type MutationCancelJobArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Everything that can be changed. A payload is null only when the server failed; `errors` says so, and
 * the same call may be sent again.
 */
export type MutationDeleteJobArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Everything that can be changed. A payload is null only when the server failed; `errors` says so, and
 * the same call may be sent again.
 */
export type MutationRequestMp3Args = {
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  options: Mp3OptionsInput;
  reuse: ReusePolicy;
  url: Scalars['String']['input'];
};


/**
 * Everything that can be changed. A payload is null only when the server failed; `errors` says so, and
 * the same call may be sent again.
 */
export type MutationRetryJobArgs = {
  id: Scalars['ID']['input'];
};

/** Something that can be fetched again through `Query.node` by its id. */
export type Node = {
  /** Global, opaque and permanent: store it, compare it, never take it apart. */
  readonly id: Scalars['ID']['output'];
};

/** Which end comes first. */
export type OrderDirection =
  /** The earliest first. */
  | 'ASC'
  /** The latest first. */
  | 'DESC';

/** Where a page lies in the whole list. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** The cursor of the last edge, for `after`. Null on an empty page. */
  readonly endCursor: Maybe<Scalars['String']['output']>;
  /** True when more edges follow the last one of this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** True when edges precede the first one of this page. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first edge, for `before`. Null on an empty page. */
  readonly startCursor: Maybe<Scalars['String']['output']>;
};

/**
 * A site that has refused this server again and again. Its jobs wait, without using up attempts, until `until`; then one of
 * them probes. When it succeeds, all go on; when it is refused, they wait for longer.
 */
export type PausedLane = {
  readonly __typename?: 'PausedLane';
  /** What the site said: BOT_CHECK or RATE_LIMITED. */
  readonly code: JobFailureCode;
  /** Since when. */
  readonly since: Scalars['DateTime']['output'];
  /** The site, as in `Job.source.site`. */
  readonly site: Scalars['String']['output'];
  /** When the next job probes. */
  readonly until: Scalars['DateTime']['output'];
  /** Jobs that wait for this site. */
  readonly waiting: Scalars['Int']['output'];
};

/**
 * Everything that can be read. A field of this type is null when it could not be read; `errors` says
 * why, and its siblings are not affected.
 */
export type Query = {
  readonly __typename?: 'Query';
  /** The job with this id. Null when there is none such or it is not the caller's. */
  readonly job: Maybe<Job>;
  /** The caller's history. Give `first` or `last`, 1 to 100, never both; neither means the first 20. */
  readonly jobs: Maybe<JobConnection>;
  /** The thing with this id. Null when there is none such or it is not the caller's. */
  readonly node: Maybe<Node>;
  /** The things with these ids, in the same order, with null where `node` would give null. */
  readonly nodes: ReadonlyArray<Maybe<Node>>;
  /** The state of the whole queue, for all callers together. */
  readonly queueStats: Maybe<QueueStats>;
};


/**
 * Everything that can be read. A field of this type is null when it could not be read; `errors` says
 * why, and its siblings are not affected.
 */
export type QueryJobArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Everything that can be read. A field of this type is null when it could not be read; `errors` says
 * why, and its siblings are not affected.
 */
export type QueryJobsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<JobFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy: JobOrder;
};


/**
 * Everything that can be read. A field of this type is null when it could not be read; `errors` says
 * why, and its siblings are not affected.
 */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Everything that can be read. A field of this type is null when it could not be read; `errors` says
 * why, and its siblings are not affected.
 */
export type QueryNodesArgs = {
  ids: ReadonlyArray<Scalars['ID']['input']>;
};

/** What was finished within one minute. */
export type QueueInterval = {
  readonly __typename?: 'QueueInterval';
  /** Jobs that were canceled. */
  readonly canceled: Scalars['Int']['output'];
  /** Jobs that failed for good. */
  readonly failed: Scalars['Int']['output'];
  /** Seconds from the start of the last attempt to its end, median. Null when nothing was run to an end. */
  readonly runSecondsP50: Maybe<Scalars['Float']['output']>;
  /** The minute's beginning. */
  readonly startsAt: Scalars['DateTime']['output'];
  /** Jobs that succeeded, also when their file has expired since. */
  readonly succeeded: Scalars['Int']['output'];
  /** Seconds from being due to the start of the last attempt, median. Null when nothing was run to an end. */
  readonly waitSecondsP50: Maybe<Scalars['Float']['output']>;
};

/** The state of the whole queue, for all callers together. */
export type QueueStats = {
  readonly __typename?: 'QueueStats';
  /** When these figures were taken. */
  readonly asOf: Scalars['DateTime']['output'];
  /** Why jobs failed for good lately, the most frequent cause first. */
  readonly failures: ReadonlyArray<FailureCount>;
  /** When the job that waits longest began to wait. Null when none waits. */
  readonly oldestQueuedAt: Maybe<Scalars['DateTime']['output']>;
  /** Sites that refuse this server at present, so that their jobs wait. */
  readonly pausedLanes: ReadonlyArray<PausedLane>;
  /** Jobs that wait for a worker, those that wait for a retry not counted. */
  readonly queued: Scalars['Int']['output'];
  /** Jobs that a worker is converting. */
  readonly running: Scalars['Int']['output'];
  /** The same, minute by minute: the oldest first, minutes without an event included. */
  readonly series: ReadonlyArray<QueueInterval>;
  /** Jobs that wait until their next attempt is due. */
  readonly waitingForRetry: Scalars['Int']['output'];
  /** What was finished lately. */
  readonly window: QueueWindow;
  /** The live worker processes, the longest running first. */
  readonly workerList: ReadonlyArray<Worker>;
  /** Conversions that those workers can run at once. */
  readonly workerSlots: Scalars['Int']['output'];
  /** Live worker processes. 0 means that nothing is converted at present. */
  readonly workers: Scalars['Int']['output'];
};


/** The state of the whole queue, for all callers together. */
export type QueueStatsFailuresArgs = {
  minutes: Scalars['Int']['input'];
};


/** The state of the whole queue, for all callers together. */
export type QueueStatsSeriesArgs = {
  minutes: Scalars['Int']['input'];
};


/** The state of the whole queue, for all callers together. */
export type QueueStatsWindowArgs = {
  minutes: Scalars['Int']['input'];
};

/**
 * What was finished within a stretch of time. P50 and P95: half of the jobs, and 95 of 100, took at
 * most that long.
 */
export type QueueWindow = {
  readonly __typename?: 'QueueWindow';
  /** Jobs that were canceled. */
  readonly canceled: Scalars['Int']['output'];
  /** Jobs that failed for good. */
  readonly failed: Scalars['Int']['output'];
  /** Seconds from start to end, median. Null when nothing was finished. */
  readonly runSecondsP50: Maybe<Scalars['Float']['output']>;
  /** Seconds from start to end, 95th percentile. Null when nothing was finished. */
  readonly runSecondsP95: Maybe<Scalars['Float']['output']>;
  /** Jobs that succeeded, also when their file has expired since. */
  readonly succeeded: Scalars['Int']['output'];
  /** Seconds from request to start, median. Null when nothing was finished. */
  readonly waitSecondsP50: Maybe<Scalars['Float']['output']>;
  /** Seconds from request to start, 95th percentile. Null when nothing was finished. */
  readonly waitSecondsP95: Maybe<Scalars['Float']['output']>;
};

/** Why `requestMp3` refused. */
export type RequestMp3Error = UserError & {
  readonly __typename?: 'RequestMp3Error';
  /** The reason, for programs. */
  readonly code: RequestMp3ErrorCode;
  /** One plain sentence for people: what is wrong and what to do. */
  readonly message: Scalars['String']['output'];
  /** The argument at fault, from the outside in. Null when no single one is. */
  readonly path: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** From then on the same call may be accepted. Null when waiting does not help or the time is unknown. */
  readonly retryAt: Maybe<Scalars['DateTime']['output']>;
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

/** The answer of `requestMp3`: either `job` and `outcome` are set, or `userErrors` is not empty. */
export type RequestMp3Payload = {
  readonly __typename?: 'RequestMp3Payload';
  /** The job. Null when refused. */
  readonly job: Maybe<Job>;
  /** How the job was got. Null when refused. */
  readonly outcome: Maybe<RequestMp3Outcome>;
  /** The refusals, all that were found. Empty when accepted. */
  readonly userErrors: ReadonlyArray<RequestMp3Error>;
};

/** The answer of `retryJob`. */
export type RetryJobPayload = {
  readonly __typename?: 'RetryJobPayload';
  /** The job in its present state, also when refused. Null when NOT_FOUND. */
  readonly job: Maybe<Job>;
  /** The refusals. Empty when done. */
  readonly userErrors: ReadonlyArray<JobActionError>;
};

/** Whether a finished MP3 may be the answer. */
export type ReusePolicy =
  /** Answer a finished job when its file is still there. */
  | 'IF_AVAILABLE'
  /** Make the MP3 again. An active job for it is joined all the same. */
  | 'NEVER';

/** What the site says about the video. */
export type SourceMetadata = {
  readonly __typename?: 'SourceMetadata';
  /** Length in seconds. Null when the site does not tell. */
  readonly durationSeconds: Maybe<Scalars['Float']['output']>;
  /** The video's id on that site. */
  readonly externalId: Scalars['String']['output'];
  /** The site: `youtube`, or the host name of any other. */
  readonly site: Scalars['String']['output'];
  /** The picture, on the site's own server. Null when there is none. */
  readonly thumbnailUrl: Maybe<Scalars['URL']['output']>;
  /** The title. Null when the site has none. */
  readonly title: Maybe<Scalars['String']['output']>;
  /** Who published it: the artist or the channel. Null when the site does not tell. */
  readonly uploader: Maybe<Scalars['String']['output']>;
};

/**
 * Everything that can be watched. The first frame is the present state, at once; whatever was missed
 * in between, sending the original variables again after a lost connection is always right.
 */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /**
   * The state of one job now, then every newer one with a larger version (what a slow reader misses is
   * coalesced into the newest), then the stream completes with the terminal state.
   */
  readonly job: Maybe<JobUpdate>;
  /** The caller's jobs: a snapshot, then changes. Does not complete by itself. */
  readonly jobs: Maybe<JobsUpdate>;
  /** The state of the whole queue: at once, then at most one a second, and only when something changed. */
  readonly queueStats: Maybe<QueueStats>;
};


/**
 * Everything that can be watched. The first frame is the present state, at once; whatever was missed
 * in between, sending the original variables again after a lost connection is always right.
 */
export type SubscriptionJobArgs = {
  afterVersion?: InputMaybe<Scalars['Int']['input']>;
  id: Scalars['ID']['input'];
};


/**
 * Everything that can be watched. The first frame is the present state, at once; whatever was missed
 * in between, sending the original variables again after a lost connection is always right.
 */
export type SubscriptionJobsArgs = {
  activeOnly: Scalars['Boolean']['input'];
  briefSnapshot: Scalars['Boolean']['input'];
  ids?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
};

/** An expected refusal, which the caller can act on. */
export type UserError = {
  /** One plain sentence for people: what is wrong and what to do. */
  readonly message: Scalars['String']['output'];
  /**
   * The argument at fault, from the outside in, for example `["options", "quality"]`. Null when no
   * single one is.
   */
  readonly path: Maybe<ReadonlyArray<Scalars['String']['output']>>;
};

/** A live worker process. */
export type Worker = {
  readonly __typename?: 'Worker';
  /** Its name as long as it lives. */
  readonly id: Scalars['ID']['output'];
  /** Conversions that it runs now. */
  readonly running: Scalars['Int']['output'];
  /** When it last said that it lives. */
  readonly seenAt: Scalars['DateTime']['output'];
  /** Conversions that it can run at once. */
  readonly slots: Scalars['Int']['output'];
  /** When it started. */
  readonly startedAt: Scalars['DateTime']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;




/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node: ( JobModel );
  UserError:
    | ( JobActionError )
    | ( RequestMp3Error )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AudioFile: ResolverTypeWrapper<AudioFile>;
  AudioPreview: ResolverTypeWrapper<AudioPreview>;
  AudioQuality: AudioQuality;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CancelJobPayload: ResolverTypeWrapper<Omit<CancelJobPayload, 'job'> & { job?: Maybe<ResolversTypes['Job']> }>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeleteJobPayload: ResolverTypeWrapper<DeleteJobPayload>;
  FailureCount: ResolverTypeWrapper<FailureCount>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Job: ResolverTypeWrapper<JobModel>;
  JobActionError: ResolverTypeWrapper<JobActionError>;
  JobActionErrorCode: JobActionErrorCode;
  JobConnection: ResolverTypeWrapper<JobConnectionModel>;
  JobEdge: ResolverTypeWrapper<Omit<JobEdge, 'node'> & { node: ResolversTypes['Job'] }>;
  JobEvent: ResolverTypeWrapper<JobEvent>;
  JobFailure: ResolverTypeWrapper<JobFailure>;
  JobFailureCode: JobFailureCode;
  JobFilter: JobFilter;
  JobOrder: JobOrder;
  JobOrderField: JobOrderField;
  JobPhase: JobPhase;
  JobProgress: ResolverTypeWrapper<JobProgress>;
  JobStatus: JobStatus;
  JobUpdate: ResolverTypeWrapper<Omit<JobUpdate, 'job'> & { job?: Maybe<ResolversTypes['Job']> }>;
  JobsUpdate: ResolverTypeWrapper<Omit<JobsUpdate, 'jobs'> & { jobs: ReadonlyArray<ResolversTypes['Job']> }>;
  Mp3Options: ResolverTypeWrapper<Mp3Options>;
  Mp3OptionsInput: Mp3OptionsInput;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  OrderDirection: OrderDirection;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  PausedLane: ResolverTypeWrapper<PausedLane>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  QueueInterval: ResolverTypeWrapper<QueueInterval>;
  QueueStats: ResolverTypeWrapper<QueueStatsModel>;
  QueueWindow: ResolverTypeWrapper<QueueWindow>;
  RequestMp3Error: ResolverTypeWrapper<RequestMp3Error>;
  RequestMp3ErrorCode: RequestMp3ErrorCode;
  RequestMp3Outcome: RequestMp3Outcome;
  RequestMp3Payload: ResolverTypeWrapper<Omit<RequestMp3Payload, 'job'> & { job?: Maybe<ResolversTypes['Job']> }>;
  RetryJobPayload: ResolverTypeWrapper<Omit<RetryJobPayload, 'job'> & { job?: Maybe<ResolversTypes['Job']> }>;
  ReusePolicy: ReusePolicy;
  SafeInt: ResolverTypeWrapper<Scalars['SafeInt']['output']>;
  SourceMetadata: ResolverTypeWrapper<SourceMetadata>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  URL: ResolverTypeWrapper<Scalars['URL']['output']>;
  UserError: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['UserError']>;
  Worker: ResolverTypeWrapper<Worker>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AudioFile: AudioFile;
  AudioPreview: AudioPreview;
  Boolean: Scalars['Boolean']['output'];
  CancelJobPayload: Omit<CancelJobPayload, 'job'> & { job?: Maybe<ResolversParentTypes['Job']> };
  DateTime: Scalars['DateTime']['output'];
  DeleteJobPayload: DeleteJobPayload;
  FailureCount: FailureCount;
  Float: Scalars['Float']['output'];
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  Job: JobModel;
  JobActionError: JobActionError;
  JobConnection: JobConnectionModel;
  JobEdge: Omit<JobEdge, 'node'> & { node: ResolversParentTypes['Job'] };
  JobEvent: JobEvent;
  JobFailure: JobFailure;
  JobFilter: JobFilter;
  JobOrder: JobOrder;
  JobProgress: JobProgress;
  JobUpdate: Omit<JobUpdate, 'job'> & { job?: Maybe<ResolversParentTypes['Job']> };
  JobsUpdate: Omit<JobsUpdate, 'jobs'> & { jobs: ReadonlyArray<ResolversParentTypes['Job']> };
  Mp3Options: Mp3Options;
  Mp3OptionsInput: Mp3OptionsInput;
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  PageInfo: PageInfo;
  PausedLane: PausedLane;
  Query: Record<PropertyKey, never>;
  QueueInterval: QueueInterval;
  QueueStats: QueueStatsModel;
  QueueWindow: QueueWindow;
  RequestMp3Error: RequestMp3Error;
  RequestMp3Payload: Omit<RequestMp3Payload, 'job'> & { job?: Maybe<ResolversParentTypes['Job']> };
  RetryJobPayload: Omit<RetryJobPayload, 'job'> & { job?: Maybe<ResolversParentTypes['Job']> };
  SafeInt: Scalars['SafeInt']['output'];
  SourceMetadata: SourceMetadata;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  URL: Scalars['URL']['output'];
  UserError: ResolversInterfaceTypes<ResolversParentTypes>['UserError'];
  Worker: Worker;
};

export type AudioFileResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AudioFile'] = ResolversParentTypes['AudioFile']> = {
  bitrateKbps?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  durationSeconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  fileName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sha256?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sizeBytes?: Resolver<ResolversTypes['SafeInt'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['URL'], ParentType, ContextType>;
};

export type AudioPreviewResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AudioPreview'] = ResolversParentTypes['AudioPreview']> = {
  fileName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['URL'], ParentType, ContextType>;
};

export type CancelJobPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CancelJobPayload'] = ResolversParentTypes['CancelJobPayload']> = {
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['JobActionError']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeleteJobPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeleteJobPayload'] = ResolversParentTypes['DeleteJobPayload']> = {
  deletedJobId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['JobActionError']>, ParentType, ContextType>;
};

export type FailureCountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FailureCount'] = ResolversParentTypes['FailureCount']> = {
  code?: Resolver<ResolversTypes['JobFailureCode'], ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type JobResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Job'] = ResolversParentTypes['Job']> = {
  attempt?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  failure?: Resolver<Maybe<ResolversTypes['JobFailure']>, ParentType, ContextType>;
  finishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isTerminal?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  maxAttempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  nextAttemptAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  options?: Resolver<ResolversTypes['Mp3Options'], ParentType, ContextType>;
  preview?: Resolver<Maybe<ResolversTypes['AudioPreview']>, ParentType, ContextType>;
  progress?: Resolver<ResolversTypes['JobProgress'], ParentType, ContextType>;
  queuePosition?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  result?: Resolver<Maybe<ResolversTypes['AudioFile']>, ParentType, ContextType>;
  source?: Resolver<Maybe<ResolversTypes['SourceMetadata']>, ParentType, ContextType>;
  sourceUrl?: Resolver<ResolversTypes['URL'], ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['JobStatus'], ParentType, ContextType>;
  thumbnailUrl?: Resolver<Maybe<ResolversTypes['URL']>, ParentType, ContextType>;
  timeline?: Resolver<ReadonlyArray<ResolversTypes['JobEvent']>, ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  viewerCanCancel?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  viewerCanDelete?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  viewerCanRetry?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type JobActionErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobActionError'] = ResolversParentTypes['JobActionError']> = {
  code?: Resolver<ResolversTypes['JobActionErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  retryAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type JobConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobConnection'] = ResolversParentTypes['JobConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['JobEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Job']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type JobEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobEdge'] = ResolversParentTypes['JobEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type JobEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobEvent'] = ResolversParentTypes['JobEvent']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  attempt?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  failureCode?: Resolver<Maybe<ResolversTypes['JobFailureCode']>, ParentType, ContextType>;
  phase?: Resolver<Maybe<ResolversTypes['JobPhase']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['JobStatus'], ParentType, ContextType>;
};

export type JobFailureResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobFailure'] = ResolversParentTypes['JobFailure']> = {
  code?: Resolver<ResolversTypes['JobFailureCode'], ParentType, ContextType>;
  isRetryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type JobProgressResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobProgress'] = ResolversParentTypes['JobProgress']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  bytesDone?: Resolver<Maybe<ResolversTypes['SafeInt']>, ParentType, ContextType>;
  bytesPerSecond?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  bytesTotal?: Resolver<Maybe<ResolversTypes['SafeInt']>, ParentType, ContextType>;
  etaSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  fraction?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  phase?: Resolver<Maybe<ResolversTypes['JobPhase']>, ParentType, ContextType>;
};

export type JobUpdateResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobUpdate'] = ResolversParentTypes['JobUpdate']> = {
  isFinal?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
};

export type JobsUpdateResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobsUpdate'] = ResolversParentTypes['JobsUpdate']> = {
  isSnapshot?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  jobs?: Resolver<ReadonlyArray<ResolversTypes['Job']>, ParentType, ContextType>;
  removedIds?: Resolver<ReadonlyArray<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type Mp3OptionsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mp3Options'] = ResolversParentTypes['Mp3Options']> = {
  embedThumbnail?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  quality?: Resolver<ResolversTypes['AudioQuality'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  cancelJob?: Resolver<Maybe<ResolversTypes['CancelJobPayload']>, ParentType, ContextType, RequireFields<MutationCancelJobArgs, 'id'>>;
  deleteJob?: Resolver<Maybe<ResolversTypes['DeleteJobPayload']>, ParentType, ContextType, RequireFields<MutationDeleteJobArgs, 'id'>>;
  requestMp3?: Resolver<Maybe<ResolversTypes['RequestMp3Payload']>, ParentType, ContextType, RequireFields<MutationRequestMp3Args, 'options' | 'reuse' | 'url'>>;
  retryJob?: Resolver<Maybe<ResolversTypes['RetryJobPayload']>, ParentType, ContextType, RequireFields<MutationRetryJobArgs, 'id'>>;
};

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Job', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PausedLaneResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PausedLane'] = ResolversParentTypes['PausedLane']> = {
  code?: Resolver<ResolversTypes['JobFailureCode'], ParentType, ContextType>;
  since?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  site?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  until?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  waiting?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType, RequireFields<QueryJobArgs, 'id'>>;
  jobs?: Resolver<Maybe<ResolversTypes['JobConnection']>, ParentType, ContextType, RequireFields<QueryJobsArgs, 'orderBy'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  queueStats?: Resolver<Maybe<ResolversTypes['QueueStats']>, ParentType, ContextType>;
};

export type QueueIntervalResolvers<ContextType = Context, ParentType extends ResolversParentTypes['QueueInterval'] = ResolversParentTypes['QueueInterval']> = {
  canceled?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  failed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  runSecondsP50?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  startsAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  succeeded?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  waitSecondsP50?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type QueueStatsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['QueueStats'] = ResolversParentTypes['QueueStats']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  failures?: Resolver<ReadonlyArray<ResolversTypes['FailureCount']>, ParentType, ContextType, RequireFields<QueueStatsFailuresArgs, 'minutes'>>;
  oldestQueuedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  pausedLanes?: Resolver<ReadonlyArray<ResolversTypes['PausedLane']>, ParentType, ContextType>;
  queued?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  running?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  series?: Resolver<ReadonlyArray<ResolversTypes['QueueInterval']>, ParentType, ContextType, RequireFields<QueueStatsSeriesArgs, 'minutes'>>;
  waitingForRetry?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  window?: Resolver<ResolversTypes['QueueWindow'], ParentType, ContextType, RequireFields<QueueStatsWindowArgs, 'minutes'>>;
  workerList?: Resolver<ReadonlyArray<ResolversTypes['Worker']>, ParentType, ContextType>;
  workerSlots?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  workers?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type QueueWindowResolvers<ContextType = Context, ParentType extends ResolversParentTypes['QueueWindow'] = ResolversParentTypes['QueueWindow']> = {
  canceled?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  failed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  runSecondsP50?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  runSecondsP95?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  succeeded?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  waitSecondsP50?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  waitSecondsP95?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type RequestMp3ErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RequestMp3Error'] = ResolversParentTypes['RequestMp3Error']> = {
  code?: Resolver<ResolversTypes['RequestMp3ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  retryAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RequestMp3PayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RequestMp3Payload'] = ResolversParentTypes['RequestMp3Payload']> = {
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
  outcome?: Resolver<Maybe<ResolversTypes['RequestMp3Outcome']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['RequestMp3Error']>, ParentType, ContextType>;
};

export type RetryJobPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RetryJobPayload'] = ResolversParentTypes['RetryJobPayload']> = {
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['JobActionError']>, ParentType, ContextType>;
};

export interface SafeIntScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['SafeInt'], any> {
  name: 'SafeInt';
}

export type SourceMetadataResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SourceMetadata'] = ResolversParentTypes['SourceMetadata']> = {
  durationSeconds?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  externalId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  site?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  thumbnailUrl?: Resolver<Maybe<ResolversTypes['URL']>, ParentType, ContextType>;
  title?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  uploader?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  job?: SubscriptionResolver<Maybe<ResolversTypes['JobUpdate']>, "job", ParentType, ContextType, RequireFields<SubscriptionJobArgs, 'id'>>;
  jobs?: SubscriptionResolver<Maybe<ResolversTypes['JobsUpdate']>, "jobs", ParentType, ContextType, RequireFields<SubscriptionJobsArgs, 'activeOnly' | 'briefSnapshot'>>;
  queueStats?: SubscriptionResolver<Maybe<ResolversTypes['QueueStats']>, "queueStats", ParentType, ContextType>;
};

export interface UrlScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['URL'], any> {
  name: 'URL';
}

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'JobActionError' | 'RequestMp3Error', ParentType, ContextType>;
};

export type WorkerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Worker'] = ResolversParentTypes['Worker']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  running?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  seenAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  slots?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  startedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  AudioFile?: AudioFileResolvers<ContextType>;
  AudioPreview?: AudioPreviewResolvers<ContextType>;
  CancelJobPayload?: CancelJobPayloadResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeleteJobPayload?: DeleteJobPayloadResolvers<ContextType>;
  FailureCount?: FailureCountResolvers<ContextType>;
  Job?: JobResolvers<ContextType>;
  JobActionError?: JobActionErrorResolvers<ContextType>;
  JobConnection?: JobConnectionResolvers<ContextType>;
  JobEdge?: JobEdgeResolvers<ContextType>;
  JobEvent?: JobEventResolvers<ContextType>;
  JobFailure?: JobFailureResolvers<ContextType>;
  JobProgress?: JobProgressResolvers<ContextType>;
  JobUpdate?: JobUpdateResolvers<ContextType>;
  JobsUpdate?: JobsUpdateResolvers<ContextType>;
  Mp3Options?: Mp3OptionsResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PausedLane?: PausedLaneResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  QueueInterval?: QueueIntervalResolvers<ContextType>;
  QueueStats?: QueueStatsResolvers<ContextType>;
  QueueWindow?: QueueWindowResolvers<ContextType>;
  RequestMp3Error?: RequestMp3ErrorResolvers<ContextType>;
  RequestMp3Payload?: RequestMp3PayloadResolvers<ContextType>;
  RetryJobPayload?: RetryJobPayloadResolvers<ContextType>;
  SafeInt?: GraphQLScalarType;
  SourceMetadata?: SourceMetadataResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  URL?: GraphQLScalarType;
  UserError?: UserErrorResolvers<ContextType>;
  Worker?: WorkerResolvers<ContextType>;
};

