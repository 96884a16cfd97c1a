// A row of the bench's table: what was measured, against what, and what follows from the figures. A part of the
// bench answers rows; report.ts writes them down.

/** What a row is held against. `ratio` is ours by the peer's; `value` is the worst of ours that is allowed. */
export type Goal = {
  readonly of: 'ratio' | 'value';
  readonly direction: 'at most' | 'at least';
  readonly limit: number;
};

export type Row = {
  readonly what: string;
  /** Whom it is measured against; null when the goal is a plain figure. */
  readonly peer: string | null;
  /** `s`, `ms`, `/s`, `MB`, … */
  readonly unit: string;
  /** One figure a round, in the order of the rounds. */
  readonly ours: readonly number[];
  /** The peer's of the same rounds, empty without one. */
  readonly theirs: readonly number[];
  readonly goal: Goal;
  /** What the reader has to know: a smaller scale than the goal's, why it is missed, what comes next. */
  readonly note?: string;
};

/** A part of the bench, run by its name: `npm run bench -- conversion`. */
export type BenchPart = {
  readonly name: string;
  /** Answers row by row, so that an interrupted run has told what it knows. */
  readonly run: (context: BenchContext) => AsyncIterable<Row>;
};

export type BenchContext = {
  /** Closes what the parts open, when all are done. */
  readonly stack: AsyncDisposableStack;
  /** Says what is going on, on stderr. */
  readonly say: (sentence: string) => void;
};

export type Verdict = {
  /** What the goal is about: the median ratio of the pairs, or of our figures. */
  readonly figure: number;
  readonly isMet: boolean;
};

export function judge({ goal, ours, theirs }: Row): Verdict {
  // Pair by pair: what disturbs a machine for a while disturbs both of a round.
  const pairs = ours.map((figure, round) => figure / (theirs[round] ?? Number.NaN));
  const figure = median(goal.of === 'ratio' ? pairs : ours);
  const isMet = goal.direction === 'at most' ? figure <= goal.limit : figure >= goal.limit;
  return { figure, isMet };
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** The figure that `share` of all stay below: 0.99 for p99. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * Runs the works in turns, another one first each round. A round before the first warms the caches and is not counted;
 * works of minutes do without.
 */
export async function inTurns<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, (round: number) => Promise<number>>>,
  warmUps = 1,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (let round = 1 - warmUps; round <= rounds; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const figure = await works[name](round);
      if (round > 0) figures[name]?.push(figure);
    }
  }
  return figures as Record<Name, number[]>;
}

/** Seconds that the work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}
