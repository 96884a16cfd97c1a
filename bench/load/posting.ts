// Closed-loop load: each connection sends its next request as soon as it has its answer. It says nothing of what is sent.

import { openConnection } from './httpConnection.ts';

export type Posting = {
  readonly perSecond: number;
  /** Milliseconds, ascending. */
  readonly latenciesMs: readonly number[];
};

type Load = {
  readonly url: string;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** The body of the next request. */
  readonly nextBody: () => string;
  /** Throws when the answer is not the one that is measured. */
  readonly check: (answer: string) => void;
};

export async function postAsFastAsPossible(load: Load): Promise<Posting> {
  using stack = new DisposableStack();
  const connections = await Promise.all(
    Array.from({ length: load.connections }, async () => stack.use(await openConnection(load.url))),
  );
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + load.seconds * 1_000;
  await Promise.all(
    connections.map(async (connection) => {
      for (let sentAt = performance.now(); sentAt < endsAt;) {
        load.check(await connection.post(load.path, load.nextBody()));
        const answeredAt = performance.now();
        latenciesMs.push(answeredAt - sentAt);
        sentAt = answeredAt;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    perSecond: latenciesMs.length / seconds,
    latenciesMs: latenciesMs.toSorted((a, b) => a - b),
  };
}
