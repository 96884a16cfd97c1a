// What no answer may hold, on any transport: where we live, what we run, how we are built.

import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import type { TestApp } from './app.ts';

const home = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** Whose secrets they are: an application in this process, or as much as is known of one in another. */
type Ours = Pick<TestApp, 'dataFolder'> & {
  readonly config: Pick<TestApp['config'], 'databaseUrl'>;
};

/** Fails when `text` tells a path, a command line, SQL, a stack or a host of ours. */
export function expectNothingDisclosed(text: string, { config, dataFolder }: Ours): void {
  const database = new URL(config.databaseUrl?.replace('@%2F', '@x/%2F') ?? 'postgres://none/none');
  const names = [home, dataFolder, hostname(), database.pathname.slice(1)];
  const found = [
    ...names.filter((name) => name.length > 2 && text.includes(name)),
    ...kinds.flatMap((kind) => kind.exec(text)?.[0] ?? []),
  ];
  expect({ found, in: found.length === 0 ? '' : text }).toEqual({ found: [], in: '' });
}

const kinds: readonly RegExp[] = [
  // Paths and addresses
  /(?<![\w:/])\/(?:etc|home|proc|root|run|srv|tmp|usr|var)\/[^"\s]*/,
  /node_modules|\.ts:\d|file:\/\//,
  /127\.0\.0\.1|localhost|\[?::1\]?|\.sock|\.s\.PGSQL/,
  // Stacks
  /\bat (?:async )?[\w.<>[\] ]+ \(|\\n\s+at |"stack(?:trace)?"/i,
  // What the system and Postgres say
  /\bE(?:CONNREFUSED|CONNRESET|NOENT|NOTDIR|ACCES|PIPE|TIMEDOUT|INVAL)\b|\bsyscall\b|errno/,
  /\b(?:tapedeck|graphile_worker)\.\w+/,
  /\b(?:select|insert into|update|delete from)\b [\w"(*]+ (?:from|set|values)\b/i,
  /relation|violates|constraint|syntax error at|SQLSTATE|postgres|pg_|terminating connection/i,
  // Command lines
  /\byt-dlp (?!may|is|to|has|cannot|\w+ not)|--[a-z]+-[a-z]+/,
];
