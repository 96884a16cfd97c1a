// What a caller may still ask for, as HTTP headers:
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (version 10). It counts nothing.

import type { FastifyReply } from 'fastify';
import type { Allowance } from '../domain/limits.ts';

/** `conversions` are whole ones; `cost` is that of operations that read. */
export type Counted = 'conversions' | 'cost';

/** Tells the allowance beside the answer. */
export function tellAllowance(reply: FastifyReply, counted: Counted, allowance: Allowance): void {
  const { perMinute } = allowance;
  const left = Math.max(0, Math.min(allowance.left, perMinute));
  const secondsToFull = Math.ceil(((perMinute - left) / perMinute) * 60);
  void reply.headers({
    'ratelimit-policy': `"${counted}";q=${perMinute};w=60`,
    ratelimit: `"${counted}";r=${Math.floor(left)};t=${secondsToFull}`,
  });
}
