// A short run of what `npm run fuzz` does for long, with a seed of its own, so that it is the same each time.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { documents } from './fuzz/documents.ts';
import { privateAddresses, urls } from './fuzz/urls.ts';

test.each([
  ['links', urls],
  ['private addresses in every spelling', privateAddresses],
  ['documents', documents],
] as const)('%s: 3,000 of them break no promise', (_, property) => {
  const details = fc.check(property as fc.IProperty<unknown[]>, {
    numRuns: 3_000,
    seed: 20_261_126,
  });
  expect(fc.defaultReportMessage(details) ?? 'fine').toBe('fine');
  expect(details.numRuns).toBe(3_000);
});
