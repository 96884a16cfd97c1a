import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jobPhases } from '../../../src/domain/job.ts';
import type { JobPhase } from '../../../src/domain/job.ts';
import { overallFraction } from '../../../src/domain/progress.ts';

test('the bar begins at 0 and ends at 1', () => {
  expect(overallFraction('RESOLVING', 0)).toBe(0);
  expect(overallFraction('STORING', 1)).toBe(1);
});

test('each phase begins where the one before ends, and what runs side by side shares its stretch', () => {
  const stretch = (phase: JobPhase) => [overallFraction(phase, 0), overallFraction(phase, 1)];
  expect(stretch('DOWNLOADING')).toEqual(stretch('TRANSCODING'));
  expect(stretch('DOWNLOADING')[0]).toBe(stretch('RESOLVING')[1]);
  expect(stretch('TAGGING')[0]).toBe(stretch('TRANSCODING')[1]);
  expect(stretch('STORING')[0]).toBe(stretch('TAGGING')[1]);
});

test('the bar never falls while a phase goes on', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom(...jobPhases), share, share, (phase, a, b) => {
      expect(overallFraction(phase, Math.min(a, b))).toBeLessThanOrEqual(
        overallFraction(phase, Math.max(a, b)),
      );
    }),
    { seed: 1 },
  );
});

test('a phase of unknown length waits at its start', () => {
  expect(overallFraction('DOWNLOADING', null)).toBe(overallFraction('DOWNLOADING', 0));
});

test.each([
  [-0.5, 0],
  [1.5, 1],
  [Infinity, 1],
])('a tool that says %d is taken for %d', (said, meant) => {
  expect(overallFraction('TRANSCODING', said)).toBe(overallFraction('TRANSCODING', meant));
});
