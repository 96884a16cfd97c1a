// How much one address may hold open at the same time. It counts connections and answers, not what goes over them.

import type { EventEmitter } from 'node:events';
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../domain/access.ts';
import { countedAddress } from '../domain/address.ts';

export type Concurrency = {
  /** Counts one in until `held` closes; false when the address has as many as it may. */
  readonly admit: (request: Pick<FastifyRequest, 'ip'>, held: EventEmitter) => boolean;
};

export function limitConcurrency(mostPerAddress: number): Concurrency {
  const counts = new Map<string, number>();
  return {
    admit({ ip }, held) {
      const group = countedAddress(ip);
      // A proxy on this machine that is not trusted stands for everybody.
      if (isLoopback(group)) return true;
      const count = counts.get(group) ?? 0;
      if (count >= mostPerAddress) return false;
      counts.set(group, count + 1);
      held.once('close', () => {
        const left = (counts.get(group) ?? 1) - 1;
        if (left > 0) counts.set(group, left);
        else counts.delete(group);
      });
      return true;
    },
  };
}
