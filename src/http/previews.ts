// MP3s that are still being made, on /previews/<token>/<name>.mp3, as they grow. Without a length or ranges: nobody
// knows yet how long they are. What is finished is in files.ts.

import { Readable } from 'node:stream';
import contentDisposition from 'content-disposition';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { countedAddress } from '../domain/address.ts';
import { artifactFileName } from '../domain/fileName.ts';
import type { FileLinks, FileQuery } from '../services/fileLinks.ts';
import type { Previews } from '../services/previews.ts';
import { createPlaces } from './places.ts';
import { createThrottle, refuseForNow } from './throttle.ts';

type Options = { readonly previews: Previews; readonly fileLinks: FileLinks };
type PreviewRequest = FastifyRequest<{ Params: { token: string }; Querystring: FileQuery }>;

/** 16 random bytes in base64url. */
const tokenPattern = /^[\w-]{22}$/;
/** As in files.ts. */
const guessesPerMinute = 60;
/** Each asks the database for news while it waits for more. */
const mostListenersPerAddress = 20;
const comeBackSeconds = 10;

/** A Fastify plugin. */
export async function previews(
  app: FastifyInstance,
  { previews: service, fileLinks }: Options,
): Promise<void> {
  const guesses = createThrottle(guessesPerMinute);
  const listeners = createPlaces(mostListenersPerAddress);
  app.get('/previews/:token/*', async (request: PreviewRequest, reply) => {
    const { token } = request.params;
    const address = countedAddress(request.ip);
    const waitSeconds = await guesses.look(address);
    if (waitSeconds > 0) return refuseForNow(reply, waitSeconds);
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const verdict = tokenPattern.test(token) ? fileLinks.judge(token, request.query) : 'invalid';
    if (verdict === 'expired') {
      return refuse(reply, 410, 'This link has expired; take a new one from the job.');
    }
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    const preview = verdict === 'valid' ? await service.open(token, left.signal) : null;
    if (preview === null) {
      await guesses.count(address);
      return refuse(reply, 404, 'There is nothing to hear under this link; look at the job.');
    }
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
    if (!listeners.take(request, reply.raw)) return refuseForNow(reply, comeBackSeconds);
    return reply.send(Readable.from(sound, { objectMode: false }));
  });
}

function refuse(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${sentence}\n`);
}
