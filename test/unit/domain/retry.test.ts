import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { failures } from '../../../src/domain/failure.ts';
import type { JobFailureCode } from '../../../src/domain/failure.ts';
import { attemptsPerRequest, retryDelaySeconds } from '../../../src/domain/retry.ts';

const codes = Object.keys(failures) as JobFailureCode[];
const noJitter = () => 0.5;

test.each(codes.filter((code) => !failures[code].isRetryable))('no attempt follows %s', (code) => {
  expect(retryDelaySeconds(code, 1, attemptsPerRequest)).toBeNull();
});

test.each(codes.filter((code) => failures[code].isRetryable))(
  'another attempt follows %s, but none the last',
  (code) => {
    expect(retryDelaySeconds(code, 4, 5)).toBeGreaterThan(0);
    expect(retryDelaySeconds(code, 5, 5)).toBeNull();
    expect(retryDelaySeconds(code, 6, 5)).toBeNull();
  },
);

describe('the wait', () => {
  test.each([
    [1, 5],
    [2, 10],
    [3, 20],
    [4, 40],
  ])('after attempt %d is %d s', (attempt, seconds) => {
    expect(retryDelaySeconds('NETWORK', attempt, 5, noJitter)).toBe(seconds);
  });

  test.each([
    ['BOT_CHECK', 1, 60],
    ['RATE_LIMITED', 1, 60],
    ['RATE_LIMITED', 4, 480],
  ] as const)('of a site that says %s is longer: %d, %d s', (code, attempt, seconds) => {
    expect(retryDelaySeconds(code, attempt, 5, noJitter)).toBe(seconds);
  });

  test('is never longer than a quarter of an hour and its jitter', () => {
    expect(retryDelaySeconds('RATE_LIMITED', 5, 100, noJitter)).toBe(900);
  });

  test('begins anew with the attempts of a retryJob', () => {
    expect(retryDelaySeconds('NETWORK', attemptsPerRequest + 1, 10, noJitter)).toBe(5);
  });

  test('differs by at most a quarter, so that jobs that failed together come back apart', () => {
    expect(retryDelaySeconds('NETWORK', 1, 5, () => 0)).toBe(3.75);
    expect(retryDelaySeconds('NETWORK', 1, 5, () => 1)).toBe(6.25);
    const waits = new Set(Array.from({ length: 20 }, () => retryDelaySeconds('NETWORK', 1, 5)));
    expect(waits.size).toBeGreaterThan(1);
  });

  test('is positive and bounded, whatever fails and however often', () => {
    const failed = fc.record({
      code: fc.constantFrom(...codes),
      attempt: fc.integer({ min: 1, max: 1_000 }),
      more: fc.integer({ min: 0, max: 10 }),
      random: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    });
    fc.assert(
      fc.property(failed, ({ code, attempt, more, random }) => {
        const wait = retryDelaySeconds(code, attempt, attempt + more, () => random);
        if (wait === null) {
          expect(more === 0 || !failures[code].isRetryable).toBe(true);
        } else {
          expect(wait).toBeGreaterThan(3);
          expect(wait).toBeLessThanOrEqual(900 * 1.25);
        }
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});
