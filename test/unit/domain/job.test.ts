import { describe, expect, test } from '@jest/globals';
import {
  isRetryable,
  isTerminal,
  jobStatuses,
  nextAttemptAt,
  transitions,
} from '../../../src/domain/job.ts';
import type { Job, JobStatus } from '../../../src/domain/job.ts';

const allMoves = jobStatuses.flatMap((from) => transitions[from].map((to) => `${from} → ${to}`));

function jobOf(status: JobStatus, failure: Job['failure']): Job {
  const now = new Date('2026-01-02T03:04:05.678Z');
  return {
    id: '0198c0de-0000-7000-8000-000000000000',
    version: 1,
    status,
    source: { site: 'youtube', externalId: 'dQw4w9WgXcQ', canonicalUrl: 'https://example.com/' },
    options: { quality: 'KBPS_192', embedThumbnail: true },
    progress: {
      phase: null,
      fraction: 0,
      bytesDone: null,
      bytesTotal: null,
      bytesPerSecond: null,
      etaSeconds: null,
      asOf: now,
    },
    metadata: null,
    thumbnailToken: null,
    previewToken: null,
    artifact: null,
    expiresAt: null,
    failure,
    attempt: 1,
    maxAttempts: 5,
    createdAt: now,
    runAt: new Date('2026-01-02T03:05:00.000Z'),
    heldAt: null,
    startedAt: null,
    updatedAt: now,
    finishedAt: null,
  };
}

describe('the status machine', () => {
  test('has these moves and no other', () => {
    expect(allMoves.toSorted()).toEqual([
      'CANCELED → QUEUED',
      'EXPIRED → QUEUED',
      'FAILED → QUEUED',
      'QUEUED → CANCELED',
      'QUEUED → RUNNING',
      'RUNNING → CANCELED',
      'RUNNING → FAILED',
      'RUNNING → QUEUED',
      'RUNNING → SUCCEEDED',
      'SUCCEEDED → EXPIRED',
    ]);
  });

  test('leads from QUEUED to every status', () => {
    const reached = new Set<JobStatus>(['QUEUED']);
    for (const status of reached) transitions[status].forEach((next) => reached.add(next));
    expect([...reached].toSorted()).toEqual(jobStatuses.toSorted());
  });

  test('never makes a canceled job a successful one', () => {
    expect(allMoves).not.toContain('CANCELED → SUCCEEDED');
    expect(transitions.SUCCEEDED).not.toContain('CANCELED');
  });
});

test.each([
  ['QUEUED', false],
  ['RUNNING', false],
  ['SUCCEEDED', true],
  ['FAILED', true],
  ['CANCELED', true],
  ['EXPIRED', true],
] as const)('%s is terminal: %s', (status, expected) => {
  expect(isTerminal(status)).toBe(expected);
});

test.each([
  ['QUEUED', false],
  ['RUNNING', false],
  ['SUCCEEDED', false],
  ['FAILED', true],
  ['CANCELED', true],
  ['EXPIRED', true],
] as const)('a caller may retry a job that is %s: %s', (status, expected) => {
  expect(isRetryable(status)).toBe(expected);
});

describe('the next attempt', () => {
  const failure = { code: 'NETWORK', occurredAt: new Date() } as const;

  test('of a job that waits for a retry begins when it may run', () => {
    const job = jobOf('QUEUED', failure);
    expect(nextAttemptAt(job)).toEqual(job.runAt);
  });

  test('of a job that never failed is not foretold', () => {
    expect(nextAttemptAt(jobOf('QUEUED', null))).toBeNull();
  });

  test.each(jobStatuses.filter((status) => status !== 'QUEUED'))(
    'of a job that is %s does not exist',
    (status) => {
      expect(nextAttemptAt(jobOf(status, failure))).toBeNull();
    },
  );
});
