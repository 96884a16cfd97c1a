// MP3s that are still being made, on /previews/<token>/<name>.mp3, as they grow. Without a length or ranges: nobody
// knows yet how long they are. What is finished is in files.ts.

import { Readable } from 'node:stream';
import contentDisposition from 'content-disposition';
import type { FastifyInstance } from 'fastify';
import { artifactFileName } from '../domain/fileName.ts';
import type { FileLinks } from '../services/fileLinks.ts';
import type { Previews } from '../services/previews.ts';
import { createLinkGuard } from './linkGuard.ts';
import type { LinkRequest } from './linkGuard.ts';
import { limitConcurrency } from './concurrency.ts';
import { refuseForNow } from './throttle.ts';

type Options = { readonly previews: Previews; readonly fileLinks: FileLinks };

/** Each asks the database for news while it waits for more. */
const mostListenersPerAddress = 20;
const comeBackSeconds = 10;

/** A Fastify plugin. */
export async function previews(
  app: FastifyInstance,
  { previews: service, fileLinks }: Options,
): Promise<void> {
  const guard = createLinkGuard(fileLinks);
  const listeners = limitConcurrency(mostListenersPerAddress);
  app.get('/previews/:token/*', async (request: LinkRequest, reply) => {
    const { token } = request.params;
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    const preview = await guard.open(
      request,
      reply,
      () => service.open(token, left.signal),
      'There is nothing to hear under this link; look at the job.',
    );
    if (preview === null) return reply;
    const { job, sound } = preview;
    const fileName = artifactFileName({
      title: job.metadata?.title ?? null,
      uploader: job.metadata?.uploader ?? null,
      externalId: job.source.externalId,
    });
    // Its token is that of the finished file.
    if (sound === null) return reply.redirect(fileLinks.pathOf(token, fileName));
    reply.headers({
      'content-type': 'audio/mpeg',
      'content-disposition': contentDisposition(fileName, { type: 'inline', fallback: true }),
      'accept-ranges': 'none',
    });
    if (request.method === 'HEAD') return reply.send(Readable.from([]));
    if (!listeners.admit(request, reply.raw)) return refuseForNow(reply, comeBackSeconds);
    return reply.send(Readable.from(sound, { objectMode: false }));
  });
}
