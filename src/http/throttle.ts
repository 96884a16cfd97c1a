// How often one address may ask this process, whatever it is, and how often guess what is secret: before anything is
// read of what it sent. What changes jobs, and what operations cost, is counted in Postgres, over all processes.

import type { FastifyReply } from 'fastify';
import { GraphQLError } from 'graphql';
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

/** The same in GraphQL, over HTTP and WebSocket. */
export function tooMuch(retryAt: Date): GraphQLError {
  const seconds = secondsUntil(retryAt);
  return new GraphQLError(`Too much was asked; come back in ${seconds} s.`, {
    extensions: { code: 'RATE_LIMITED', retryAt: retryAt.toISOString() },
  });
}

/** At least 1. */
export function secondsUntil(time: Date): number {
  return Math.max(1, Math.ceil((time.getTime() - Date.now()) / 1_000));
}
