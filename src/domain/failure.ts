// Why an attempt failed: one row a code, with what to do next and the sentence that people read.
// It knows nothing of tools: src/media/failures.ts maps their output to these codes.

type FailureFacts = { readonly isRetryable: boolean; readonly message: string };

/**
 * The catalogue. `isRetryable` decides whether another attempt follows by itself; `message` is for
 * people: what happened and what to do, without paths, command lines or traces.
 */
export const failures = {
  UNSUPPORTED_SITE: {
    isRetryable: false,
    message: 'This site or this kind of page is not supported; paste the address of one video.',
  },
  UNAVAILABLE: {
    isRetryable: false,
    message: 'The video is not available any more; check the link or choose another upload.',
  },
  PRIVATE: {
    isRetryable: false,
    message: 'The video is private; ask its owner to make it public, or choose another upload.',
  },
  AGE_RESTRICTED: {
    isRetryable: false,
    message:
      'The video is age-restricted, so the site wants a signed-in viewer; choose another upload.',
  },
  GEO_BLOCKED: {
    isRetryable: false,
    message: "The video is blocked in this server's country; choose another upload.",
  },
  MEMBERS_ONLY: {
    isRetryable: false,
    message: 'The video is for paying members only; choose a public upload.',
  },
  SIGN_IN_REQUIRED: {
    isRetryable: false,
    message: 'The site wants a signed-in viewer for this video; choose a public upload.',
  },
  BOT_CHECK: {
    isRetryable: true,
    message: 'The site takes this server for a robot and refuses it for now; try again later.',
  },
  LIVE_STREAM: {
    isRetryable: false,
    message: 'This is a live stream; come back when it has ended and is a normal video.',
  },
  UPCOMING: {
    isRetryable: false,
    message: 'The video has not started yet; come back after its premiere.',
  },
  NO_AUDIO: {
    isRetryable: false,
    message: 'The video has no sound, so there is nothing to convert.',
  },
  TOO_LONG: {
    isRetryable: false,
    message: 'The video is longer than this server accepts; choose a shorter one.',
  },
  TOO_LARGE: {
    isRetryable: false,
    message: 'The file is larger than this server accepts; choose a shorter video.',
  },
  RATE_LIMITED: {
    isRetryable: true,
    message: 'The site asks this server to slow down; it tries again later.',
  },
  NETWORK: {
    isRetryable: true,
    message: 'The connection to the site failed; check the link if this goes on.',
  },
  TIMED_OUT: {
    isRetryable: true,
    message: 'The conversion took too long and was stopped; try again later.',
  },
  EXTRACTOR_OUTDATED: {
    isRetryable: true,
    message:
      'The site has changed and this server cannot read it yet; its operator has to update yt-dlp.',
  },
  TRANSCODE_FAILED: {
    isRetryable: true,
    message: 'The sound could not be converted; if it fails again, choose another upload.',
  },
  OUTPUT_INVALID: {
    isRetryable: true,
    message: 'The result was incomplete, so it was thrown away; try again.',
  },
  STORAGE_FULL: {
    isRetryable: true,
    message: 'This server has no room left for the file; try again later or tell its operator.',
  },
  WORKER_LOST: {
    isRetryable: true,
    message: 'The conversion was interrupted again and again; try again later.',
  },
  INTERNAL: {
    isRetryable: true,
    message: 'Something went wrong on this server; try again, and tell its operator if it goes on.',
  },
} as const satisfies Record<string, FailureFacts>;

export type JobFailureCode = keyof typeof failures;

/** Why an attempt ended without an MP3. Thrown by media and storage, recorded on the job by its task. */
export class AttemptFailure extends Error {
  readonly code: JobFailureCode;
  /** For the log only: what the tool said, exit codes, sizes. Never shown to callers. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    code: JobFailureCode,
    facts: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(`${code}: ${failures[code].message}`, options);
    this.name = 'AttemptFailure';
    this.code = code;
    this.facts = facts;
  }
}
