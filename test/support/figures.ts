// The figures of the reliability tests: printed one a line, and collected by scripts/reliability.ts into the table
// of docs/reliability.md. A figure gates nothing; the test that measured it does.

import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from '@jest/globals';

export type Figure = {
  /** What was demanded, in a few words: `elsewhere after kill -9`. */
  readonly demand: string;
  /** `p50 ≤ 6 s, p99 ≤ 10 s`. */
  readonly target: string;
  /** With the number of trials: `p50 4.9 s, worst 5.6 s of 20`. */
  readonly measured: string;
};

/** Prints one line that begins with `figure:`. */
export function report(figure: Figure): void {
  const { demand, target, measured } = figure;
  process.stdout.write(`figure: ${demand} | target ${target} | measured ${measured}\n`);
  const file = process.env['RELIABILITY_FIGURES'];
  if (file === undefined) return;
  const test = basename(expect.getState().testPath ?? '', '.test.ts');
  appendFileSync(file, `${JSON.stringify({ ...figure, test })}\n`);
}

/** The smallest value that `share` (0 to 1) of all are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = Math.max(0, Math.ceil(share * sorted.length) - 1);
  const value = sorted[place];
  if (value === undefined) throw new Error('there is nothing to take a percentile of');
  return value;
}

/** `p50 4.91 s, worst 5.60 s of 20`: what durations in milliseconds come to. */
export function summarize(durationsMs: readonly number[]): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
  const [median, worst] = [percentile(durationsMs, 0.5), percentile(durationsMs, 1)];
  return durationsMs.length === 1
    ? `${seconds(worst)}, once`
    : `p50 ${seconds(median)}, worst ${seconds(worst)} of ${durationsMs.length}`;
}
