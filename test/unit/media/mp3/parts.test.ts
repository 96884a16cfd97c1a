import { expect, test } from '@jest/globals';
import { planParts } from '../../../../src/media/mp3/parts.ts';

test.each([
  ['no duration', null, 8, 1],
  ['a short song', 149, 8, 1],
  ['three minutes', 180, 8, 2],
  ['an hour', 3_600, 2, 2],
  ['an hour and many slots', 3_600, 8, 8],
  ['no idle slot', 3_600, 1, 1],
])('%s makes as many parts as pay', (_what, seconds, most, expected) => {
  expect(planParts(seconds, most)).toHaveLength(expected);
});

test('parts follow each other, overlap for a joint, and go on to the end', () => {
  const parts = planParts(3_600, 4);
  expect(parts[0]).toMatchObject({ first: 0, border: 0 });
  parts.slice(1).forEach((part, nth) => {
    const before = parts[nth];
    expect(part.first).toBeLessThan(part.border);
    expect(before?.end).toBeGreaterThan(part.border);
    expect(part.border).toBeGreaterThan(before?.border ?? 0);
  });
  expect(parts.map(({ end }) => end === null)).toEqual([false, false, false, true]);
});

test('later parts are shorter: each decodes in vain what comes before it', () => {
  const borders = [...planParts(3_600, 4).map(({ border }) => border), (3_600 * 44_100) / 1_152];
  const lengths = borders.slice(1).map((border, nth) => border - borders[nth]!);
  const costs = lengths.map((length, nth) => length + 0.1 * borders[nth]!);
  expect(Math.max(...costs) / Math.min(...costs)).toBeCloseTo(1, 2);
});
