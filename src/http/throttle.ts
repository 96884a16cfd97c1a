// How often one address may ask this process: reading, and guessing what is secret. What changes jobs is counted in
// Postgres, over all processes; nothing here writes, so a count for each process is enough.

import type { FastifyReply } from 'fastify';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { RateLimiterRes } from 'rate-limiter-flexible';
import { isLoopback } from '../domain/access.ts';
import { refuse } from './refusal.ts';

export type Throttle = {
  /** Counts one; answers the seconds to wait when it was one too many, else 0. */
  count(address: string): Promise<number>;
  /** The same, without counting. */
  look(address: string): Promise<number>;
};

/** Null limits nothing. A proxy on this machine that is not trusted stands for everybody, so loopback is free. */
export function createThrottle(perMinute: number | null): Throttle {
  const limiter = new RateLimiterMemory({ points: perMinute ?? 1, duration: 60 });
  const toSeconds = ({ msBeforeNext }: RateLimiterRes) =>
    Math.max(1, Math.ceil(msBeforeNext / 1_000));
  return {
    async count(address) {
      if (perMinute === null || isLoopback(address)) return 0;
      try {
        await limiter.consume(address);
        return 0;
      } catch (refused) {
        return toSeconds(refused as RateLimiterRes);
      }
    },
    async look(address) {
      if (perMinute === null || isLoopback(address)) return 0;
      const seen = await limiter.get(address);
      return seen !== null && seen.consumedPoints > perMinute ? toSeconds(seen) : 0;
    },
  };
}

/** 429, in words and in headers. */
export function refuseForNow(reply: FastifyReply, seconds: number): FastifyReply {
  const sentence = `Too much was asked from your address; come back in ${seconds} s.`;
  return refuse(reply.header('retry-after', seconds), 429, sentence);
}
