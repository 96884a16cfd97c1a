// The caller's allowance as HTTP headers, in whole conversions:
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (version 10). It counts nothing.

import type { FastifyReply } from 'fastify';
import { pointsPerConversion } from '../domain/limits.ts';

/** Answers what takes the points that are left and tells them beside the answer. */
export function rateLimitHeaders(
  reply: FastifyReply,
  conversionsPerMinute: number,
): (pointsLeft: number | undefined) => void {
  const all = conversionsPerMinute * pointsPerConversion;
  return (pointsLeft = all) => {
    const left = Math.max(0, Math.min(pointsLeft, all));
    const secondsToFull = Math.ceil(((all - left) / all) * 60);
    void reply.headers({
      'ratelimit-policy': `"conversions";q=${conversionsPerMinute};w=60`,
      ratelimit: `"conversions";r=${Math.floor(left / pointsPerConversion)};t=${secondsToFull}`,
    });
  };
}
