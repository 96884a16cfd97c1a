import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { AttemptFailure, failures } from '../../../src/domain/failure.ts';
import type { JobFailureCode } from '../../../src/domain/failure.ts';

const catalogue = Object.entries(failures);

test.each(catalogue)('%s says in one plain sentence what happened and what to do', (_, row) => {
  expect(row.message).toMatch(/^[A-Z][^\n.!?]*\.$/u);
  expect(row.message).toMatch(/[;,]/u);
  expect(row.message.length).toBeLessThan(120);
});

test.each(catalogue)('%s tells people nothing of paths, tools or codes', (code, row) => {
  expect(row.message).not.toMatch(/\/|\\|ffmpeg|postgres|SQL|stderr|exit|undefined|null/iu);
  expect(row.message).not.toContain(code);
});

test('the contract lists the same codes', () => {
  const sdl = readFileSync(new URL('../../../src/schema/job.graphql', import.meta.url), 'utf8');
  const body = /enum JobFailureCode \{(?<body>[^}]*)\}/u.exec(sdl)?.groups?.['body'] ?? '';
  const listed = body.replaceAll(/"[^"]*"/gu, '').match(/[A-Z_]+/gu) ?? [];
  expect(listed.toSorted()).toEqual(Object.keys(failures).toSorted());
});

test.each([
  'BOT_CHECK',
  'RATE_LIMITED',
  'NETWORK',
  'TIMED_OUT',
  'STORAGE_FULL',
  'WORKER_LOST',
  'INTERNAL',
] as const)('%s passes by itself, so that it is tried again', (code) => {
  expect(failures[code].isRetryable).toBe(true);
});

test.each([
  'UNSUPPORTED_SITE',
  'UNAVAILABLE',
  'PRIVATE',
  'AGE_RESTRICTED',
  'GEO_BLOCKED',
  'MEMBERS_ONLY',
  'SIGN_IN_REQUIRED',
  'LIVE_STREAM',
  'UPCOMING',
  'NO_AUDIO',
  'TOO_LONG',
  'TOO_LARGE',
] as const)('%s is the same at the next attempt, so that none follows', (code) => {
  expect(failures[code].isRetryable).toBe(false);
});

test('a failed attempt carries code, facts and cause', () => {
  const cause = new Error('write ENOSPC');
  const failure = new AttemptFailure(
    'STORAGE_FULL' satisfies JobFailureCode,
    { bytes: 1 },
    { cause },
  );
  expect(failure).toMatchObject({
    name: 'AttemptFailure',
    code: 'STORAGE_FULL',
    facts: { bytes: 1 },
    cause,
  });
  expect(failure.message).toContain(failures.STORAGE_FULL.message);
});
