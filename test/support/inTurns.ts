// A race, run often enough to be lost when it can be.

const sideBySide = 10;

/** Runs `turn` so many times, ten side by side; answers what each answered. */
export async function inTurns<Result>(
  turns: number,
  turn: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < turns; first += sideBySide) {
    const length = Math.min(sideBySide, turns - first);
    results.push(...(await Promise.all(Array.from({ length }, (_, index) => turn(first + index)))));
  }
  return results;
}
