// The MP3s on /files/<token>/<name>.mp3: whole, in part, or only when changed. The unguessable token decides
// what is served, and the signature whether; the name in the address is for people and is never read.

import contentDisposition from 'content-disposition';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import parseRange from 'range-parser';
import { artifactFileName } from '../domain/fileName.ts';
import type { Job } from '../domain/job.ts';
import type { FileLinks } from '../services/fileLinks.ts';
import type { JobQueries } from '../services/jobQueries.ts';
import type { Storage } from '../storage.ts';
import { createLinkGuard } from './linkGuard.ts';
import type { LinkRequest } from './linkGuard.ts';
import { refuse } from './refusal.ts';

type FilesOptions = {
  readonly queries: JobQueries;
  readonly fileLinks: FileLinks;
  readonly storage: Storage;
};

/**
 * A Fastify plugin. Semantics are those of RFC 9110, sections 13 and 14, without If-Match and
 * If-Unmodified-Since: they guard against lost updates, and nothing is updated here.
 */
export async function files(
  app: FastifyInstance,
  { queries, fileLinks, storage }: FilesOptions,
): Promise<void> {
  const guard = createLinkGuard(fileLinks);
  const find = async (token: string) => {
    const job = await queries.findArtifact(token);
    return job?.artifact == null ? null : { job, artifact: job.artifact };
  };
  // Not `:name`: Fastify refuses a parameter of more than 100 characters, and a title may be longer.
  app.get('/files/:token/*', async (request: LinkRequest, reply) => {
    const found = await guard.open(request, reply, find, 'There is no such file; check the link.');
    if (found === null) return reply;
    const { job, artifact } = found;
    const key = { jobId: job.id, attempt: job.attempt };
    if (job.status !== 'SUCCEEDED' || !(await storage.hasArtifact(key)))
      return refuseExpired(reply);

    describeFile(reply, job, artifact);
    if (fresh(request.headers, reply.getHeaders())) return reply.code(304).send();
    const { sizeBytes } = artifact;
    const range = chooseRange(request, reply, sizeBytes);
    if (range === 'unsatisfiable') {
      reply.removeHeader('content-disposition').header('content-range', `bytes */${sizeBytes}`);
      return refuse(reply, 416, 'The file is shorter than the range that was asked for.');
    }
    const { start, end } = range === 'whole' ? { start: 0, end: sizeBytes - 1 } : range;
    if (range !== 'whole')
      reply.code(206).header('content-range', `bytes ${start}-${end}/${sizeBytes}`);
    reply.header('content-length', end - start + 1);
    // Fastify would read the whole file only to throw it away.
    if (request.method === 'HEAD') return reply.send(Readable.from([]));
    const file = await storage.openArtifact(key);
    if (file === null) return refuseExpired(reply.removeHeader('content-length'));
    return reply.send(file.createReadStream({ start, end }));
  });
}

function describeFile(reply: FastifyReply, job: Job, artifact: NonNullable<Job['artifact']>): void {
  const fileName = artifactFileName({
    title: job.metadata?.title ?? null,
    uploader: job.metadata?.uploader ?? null,
    externalId: job.source.externalId,
  });
  reply.headers({
    'content-type': 'audio/mpeg',
    'content-disposition': contentDisposition(fileName, { fallback: toAscii(fileName) }),
    'accept-ranges': 'bytes',
    etag: `"${artifact.sha256}"`,
    'last-modified': (job.finishedAt ?? job.updatedAt).toUTCString(),
    // It never changes under this address, but goes when it expires.
    'cache-control': 'private, max-age=3600, immutable',
    'x-content-type-options': 'nosniff',
  });
}

/** For the few clients that do not read the name in UTF-8: `Beyoncé` is `Beyonce` to them, `夜` is `_`. */
function toAscii(fileName: string): string {
  const withoutMarks = fileName.normalize('NFD').replace(/\p{M}/gu, '');
  return withoutMarks.replace(/[^\x20-\x7e]/gu, '_');
}

/** Several ranges at once are answered with the whole file, as the RFC allows: no player needs them. */
function chooseRange(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  sizeBytes: number,
): { start: number; end: number } | 'whole' | 'unsatisfiable' {
  // Only GET knows ranges: RFC 9110, 14.2.
  if (headers.range === undefined || method !== 'GET') return 'whole';
  const validator = headers['if-range'];
  const isSameFile =
    validator === undefined ||
    validator === reply.getHeader('etag') ||
    validator === reply.getHeader('last-modified');
  if (!isSameFile) return 'whole';
  const ranges = parseRange(sizeBytes, headers.range, { combine: true });
  if (ranges === -1) return 'unsatisfiable';
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return 'whole';
  return ranges[0] ?? 'whole';
}

function refuseExpired(reply: FastifyReply): FastifyReply {
  return refuse(reply, 410, 'The file has expired and was removed; convert the video again.');
}
