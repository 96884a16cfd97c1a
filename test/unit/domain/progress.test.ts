import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jobPhases } from '../../../src/domain/job.ts';
import { overallFraction } from '../../../src/domain/progress.ts';

test('the bar begins at 0 and ends at 1', () => {
  expect(overallFraction('RESOLVING', 0)).toBe(0);
  expect(overallFraction('STORING', 1)).toBe(1);
});

test('each phase begins where the one before ends', () => {
  jobPhases.slice(1).forEach((phase, index) => {
    expect(overallFraction(phase, 0)).toBe(overallFraction(jobPhases[index]!, 1));
  });
});

test('the bar never falls while a job passes through its phases', () => {
  const place = fc.tuple(fc.nat(jobPhases.length - 1), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(place, place, (a, b) => {
      const [earlier, later] = [a, b].toSorted((x, y) => x[0] - y[0] || x[1] - y[1]);
      expect(overallFraction(jobPhases[earlier![0]]!, earlier![1])).toBeLessThanOrEqual(
        overallFraction(jobPhases[later![0]]!, later![1]),
      );
    }),
    { seed: 1 },
  );
});

test('a download and a conversion move the bar by nearly half each', () => {
  expect(overallFraction('DOWNLOADING', 1) - overallFraction('DOWNLOADING', 0)).toBeCloseTo(0.45);
  expect(overallFraction('TRANSCODING', 1) - overallFraction('TRANSCODING', 0)).toBeCloseTo(0.45);
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
