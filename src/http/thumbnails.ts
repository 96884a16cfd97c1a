// The small pictures of jobs on /thumbnails/<token>.jpg. The unguessable token alone decides what is served, so
// that an <img> needs no header; a picture never changes under its address.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { JobQueries } from '../services/jobQueries.ts';
import type { Thumbnails } from '../thumbnails.ts';
import { refuse } from './refusal.ts';

type Options = { readonly queries: JobQueries; readonly thumbnails: Thumbnails };

/** 16 random bytes in base64url. */
const namePattern = /^([\w-]{22})\.jpg$/;

/** A Fastify plugin. */
export async function thumbnails(
  app: FastifyInstance,
  { queries, thumbnails: store }: Options,
): Promise<void> {
  app.get(
    '/thumbnails/:name',
    async (request: FastifyRequest<{ Params: { name: string } }>, reply) => {
      const token = namePattern.exec(request.params.name)?.[1];
      const jobId = token === undefined ? null : await queries.findThumbnail(token);
      const picture = jobId === null ? null : await store.read(jobId);
      reply.header('x-content-type-options', 'nosniff');
      if (picture === null) {
        return refuse(reply, 404, 'There is no such picture; its job may have been deleted.');
      }
      return reply
        .header('cache-control', 'private, max-age=31536000, immutable')
        .type('image/jpeg')
        .send(picture);
    },
  );
}
