// How many sockets and streams one owner, and how many streams one address, hold in this process. What one socket may
// hold is for graphqlSocket.ts to say.

import { isLoopback } from '../domain/access.ts';
import type { Caller } from '../domain/access.ts';

/** The streams of a socket by their ids, as graphql-ws keeps them. */
type Streams = Readonly<Record<string, unknown>>;

export type StreamCounts = {
  /** Counts the socket and its streams as this caller's. Answers what to call when it is closed. */
  add(caller: Caller, streams: Streams): () => void;
  /** The owner may not have one socket more. */
  isFull(caller: Caller): boolean;
  /** The one that is being opened counts already. */
  isTooMany(caller: Caller): boolean;
};

/** Null is any number. */
export function createStreamCounts(most: {
  readonly socketsOfOwner: number | null;
  readonly ofOwner: number | null;
  readonly ofAddress: number | null;
}): StreamCounts {
  const byOwner = new Map<string, Set<Streams>>();
  const byAddress = new Map<string, Set<Streams>>();
  return {
    add({ ownerId, address }, streams) {
      const ends = [join(byOwner, ownerId, streams), join(byAddress, address, streams)];
      return () => ends.forEach((end) => end());
    },
    isFull({ ownerId }) {
      const sockets = byOwner.get(ownerId)?.size ?? 0;
      return most.socketsOfOwner !== null && sockets >= most.socketsOfOwner;
    },
    isTooMany({ ownerId, address }) {
      return (
        (most.ofOwner !== null && sum(byOwner.get(ownerId)) > most.ofOwner) ||
        (most.ofAddress !== null &&
          !isLoopback(address) &&
          sum(byAddress.get(address)) > most.ofAddress)
      );
    },
  };
}

function join(groups: Map<string, Set<Streams>>, name: string, streams: Streams): () => void {
  const group = groups.get(name) ?? new Set();
  groups.set(name, group.add(streams));
  return () => {
    group.delete(streams);
    if (group.size === 0 && groups.get(name) === group) groups.delete(name);
  };
}

function sum(sockets: ReadonlySet<Streams> = new Set()): number {
  return [...sockets].reduce((total, streams) => total + Object.keys(streams).length, 0);
}
