// A refusal outside of GraphQL: one plain sentence for people, which nobody may keep.

import type { FastifyReply } from 'fastify';

export function refuse(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('text/plain; charset=utf-8')
    .send(`${sentence}\n`);
}
