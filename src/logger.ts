// Structured logs: one line an event, with the ids that tell a job's or a request's story. It redacts nothing
// by itself, so secrets and links with credentials are never handed to it.

import { AsyncLocalStorage } from 'node:async_hooks';
import { pino } from 'pino';
import type { Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.ts';

export type { Logger } from 'pino';

const facts = new AsyncLocalStorage<Readonly<Record<string, unknown>>>();

/** Runs `work`; whatever it logs, and whatever it starts, carries these facts too. */
export function withLogFacts<Result>(
  added: Readonly<Record<string, unknown>>,
  work: () => Result,
): Result {
  return facts.run(added, work);
}

/** Makes the process's logger; it writes to stdout at once, so that a crash loses no line. */
export function createLogger({
  logLevel,
  logFormat,
}: Pick<Config, 'logLevel' | 'logFormat'>): Logger {
  const options = {
    level: logLevel,
    base: null,
    serializers: { err: describeError },
    mixin: () => ({ ...facts.getStore() }),
  };
  if (logFormat === 'json') return pino(options, pino.destination({ sync: true }));
  return pino(
    options,
    pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname', singleLine: true }),
  );
}

/** What helps of an error, and nothing that hangs on it: pg's carry the whole client, tools' their output. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  return {
    name,
    message,
    code,
    stack,
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}
