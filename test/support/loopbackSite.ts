// A small web site on a free port of 127.0.0.1, for tests that want full control of the bytes. Whole
// media with faults on demand come from delivery.ts.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export type Answer = (response: ServerResponse, request: IncomingMessage) => Promise<void> | void;

export type LoopbackSite = AsyncDisposable & {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly origin: string;
  /** `127.0.0.1:port`, as ALLOWED_HOSTS takes it. */
  readonly endpoint: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
};

/** Serves `answers` by path, else 404. Cuts every connection when disposed. */
export async function startSite(answers: Readonly<Record<string, Answer>>): Promise<LoopbackSite> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = answers[path];
    if (answer === undefined) response.writeHead(404).end('not here');
    else void answer(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${endpoint}`,
    endpoint,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A whole body of a kind. */
export function body(type: string, content: Buffer | string): Answer {
  return (response, request) => {
    const length = Buffer.byteLength(content);
    response.writeHead(200, { 'content-type': type, 'content-length': length });
    response.end(request.method === 'HEAD' ? undefined : content);
  };
}

/** A body that goes on until the client leaves. */
export function endless(type: string): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': type });
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const push = () => {
      while (response.write(chunk)) continue;
    };
    response.on('drain', push);
    push();
  };
}

/** Some bytes of an announced hundred times as many, then silence. */
export function stalled(type: string, begin: Buffer): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': type, 'content-length': begin.length * 100 });
    response.write(begin);
  };
}

/** The first bytes at once, the others at that pace. */
export function turningSlow(
  type: string,
  content: Buffer,
  { fastBytes, bytesPerSecond }: { readonly fastBytes: number; readonly bytesPerSecond: number },
): Answer {
  return async (response) => {
    response.writeHead(200, { 'content-type': type, 'content-length': content.length });
    response.write(content.subarray(0, fastBytes));
    const stepBytes = bytesPerSecond / 2;
    for (
      let offset = fastBytes;
      offset < content.length && !response.destroyed;
      offset += stepBytes
    ) {
      await pause(500);
      response.write(content.subarray(offset, offset + stepBytes));
    }
    response.end();
  };
}

/** A page whose video and thumbnail yt-dlp's generic extractor finds. */
export function videoPage(video: {
  readonly name: string;
  readonly contentUrl: string;
  readonly thumbnailUrl?: string;
  readonly duration?: string;
  readonly author?: string;
  readonly uploadDate?: string;
}): Answer {
  const { author, ...plain } = video;
  const facts = {
    '@context': 'https://schema.org',
    '@type': 'VideoObject',
    ...plain,
    ...(author !== undefined && { author: { '@type': 'Person', name: author } }),
  };
  const json = JSON.stringify(facts).replaceAll('<', '\\u003c');
  return body(
    'text/html; charset=utf-8',
    `<!DOCTYPE html><title>page</title><script type="application/ld+json">${json}</script>`,
  );
}
