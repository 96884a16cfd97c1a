// What callers are told when something is refused: one plain sentence for each code, and what to do. When it is
// refused is decided in requests.ts and below.

import { LimitReached } from '../domain/limits.ts';
import type { LimitCode } from '../domain/limits.ts';
import type { UrlRefusalCode } from '../domain/url.ts';

/** An expected refusal: a code for programs, one plain sentence for people, and the argument at fault. */
export type Refusal<Code> = {
  readonly code: Code;
  readonly message: string;
  readonly path: readonly string[] | null;
  /** From then on the same call may be accepted; without it waiting does not help, or nobody knows. */
  readonly retryAt?: Date | null;
};

export type RequestRefusal = Refusal<
  UrlRefusalCode | 'OPTION_INVALID' | 'IDEMPOTENCY_KEY_REUSED' | LimitCode
>;
export type ActionRefusal = Refusal<
  'NOT_FOUND' | 'ALREADY_TERMINAL' | 'STILL_ACTIVE' | 'NOT_RETRYABLE' | LimitCode
>;

/** The answer, or the limit that was in its way. */
export async function orRefused<Answer>(answer: Promise<Answer>): Promise<Answer | LimitReached> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof LimitReached) return error;
    throw error;
  }
}

const limitMessages: Readonly<Record<LimitCode, string>> = {
  RATE_LIMITED: 'You ask too often; wait a moment, then ask again.',
  TOO_MANY_ACTIVE_JOBS:
    'You have as many conversions under way as you may; wait for one to end, or cancel one.',
  TOO_MUCH_STORED:
    'Your MP3s take as much room as they may; delete some, or wait until they expire.',
  QUEUE_FULL: 'The queue of this server is full; try again later.',
};

export function explain({ code, retryAt }: LimitReached): Refusal<LimitCode> {
  return { code, message: limitMessages[code], path: null, retryAt };
}

export const notFound: ActionRefusal = {
  code: 'NOT_FOUND',
  message: 'There is no such job in your history.',
  path: ['id'],
};
export const alreadyTerminal: ActionRefusal = {
  code: 'ALREADY_TERMINAL',
  message: 'The job has ended already; there is nothing to cancel.',
  path: ['id'],
};
export const notRetryable: ActionRefusal = {
  code: 'NOT_RETRYABLE',
  message: 'The job has succeeded and its file is kept; download it instead.',
  path: ['id'],
};
export const twinActive: ActionRefusal = {
  code: 'STILL_ACTIVE',
  message: 'Another job converts the same video right now; watch that one instead.',
  path: ['id'],
};

export function stillActive(advice: string): ActionRefusal {
  return { code: 'STILL_ACTIVE', message: `The job is still active; ${advice}.`, path: ['id'] };
}

export const keyReused: RequestRefusal = {
  code: 'IDEMPOTENCY_KEY_REUSED',
  message: 'This idempotency key was used for another request; send a new key.',
  path: ['idempotencyKey'],
};

export function unusableKey(longest: number): RequestRefusal {
  return {
    code: 'OPTION_INVALID',
    message: `The idempotency key has to have 1 to ${longest} characters without a NUL; send a UUID, for example.`,
    path: ['idempotencyKey'],
  };
}
