// When two lengths of a sound count as the same. It measures nothing.

/** Whether the lengths, in seconds, may be of the same sound. */
export function isSameLength(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= tolerance(expected);
}

/** Whether a sound of the actual length, in seconds, lacks something of the expected one. */
export function isShorter(actual: number, expected: number): boolean {
  return actual < expected - tolerance(expected);
}

/** max(2 s, 1 %): sites round durations, and encoders add a few hundredths. */
function tolerance(durationSeconds: number): number {
  return Math.max(2, durationSeconds / 100);
}
