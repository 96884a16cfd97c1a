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
    hooks: { streamWrite: logFormat === 'json' ? escapeForJson : escapeForTerminal },
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

/** C1 controls, and what turns writing round: JSON lets them through, and a terminal obeys them. */
const unescapedControls = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const codeOf = (character: string) => `u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** In JSON: not the letter behind a backslash that is itself escaped. */
const lineBreak = /(?<!\\)((?:\\\\)*)\\n/g;

/** A line of JSON that says the same, and that may be shown on a terminal as it is. */
export function escapeForJson(line: string): string {
  return line.replaceAll(unescapedControls, (character) => `\\${codeOf(character)}`);
}

/**
 * A line of JSON whose texts hold no controls but line breaks, which the pretty printer indents; so no title and
 * no tool can colour, move or clear what is on the terminal, or add a line that looks like ours.
 */
export function escapeForTerminal(line: string): string {
  return line
    .replaceAll(unescapedControls, (character) => `\\\\${codeOf(character)}`)
    .replaceAll(/(?<!\\)((?:\\\\)*)\\(u00[01][0-9a-f]|[bfrt])/g, String.raw`$1\\$2`)
    .replace(/"msg":"(?:[^"\\]|\\.)*"\}\s*$/, (message) => message.replaceAll(lineBreak, '$1 '));
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
