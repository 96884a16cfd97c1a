// A stand-in for YouTube behind a forward proxy on loopback: the unmodified yt-dlp reaches it through
// HTTPS_PROXY and a throwaway CA. Every other host is refused and remembered. It proves the pipeline,
// not that YouTube lets anybody in.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { openFolder } from '../folder.ts';
import { failAloud } from '../transfer.ts';
import { makeCertificates } from './certificates.ts';
import { answer, hosts } from './site.ts';
import type { Video } from './video.ts';

export type YouTubeOptions = {
  /** More can be added later; any other id is an unavailable video. */
  readonly videos?: readonly Video[];
  readonly ffmpegPath?: string;
};

export type SeenRequest = { readonly method: string; readonly host: string; readonly path: string };

/** Ends, connections and held ones included, when disposed. */
export type YouTube = AsyncDisposable & {
  readonly proxyUrl: string;
  /** PEM file for SSL_CERT_FILE or NODE_EXTRA_CA_CERTS: the throwaway CA alone, nothing else is reached. */
  readonly caFile: string;
  /** The proxy and trust variables for a child process. Old yt-dlp needs `--compat-options no-certifi` too. */
  readonly environment: Readonly<Record<string, string>>;
  /** `host:port` of everything else that was asked for, in order: here a test sees SSRF. */
  readonly refusedHosts: readonly string[];
  /** What was asked of YouTube, in order; `path` has its query. */
  readonly requests: readonly SeenRequest[];
  readonly add: (video: Video) => void;
};

/** Starts on a free port of 127.0.0.1 in about 0.1 s. Needs openssl in PATH. */
export async function startYouTube(options: YouTubeOptions = {}): Promise<YouTube> {
  const videos = new Map(options.videos?.map((video) => [video.id, video]));
  const site = { videos, ffmpegPath: options.ffmpegPath ?? 'ffmpeg' };
  const refusedHosts: string[] = [];
  const requests: SeenRequest[] = [];
  const folder = await openFolder();
  const { caFile, key, cert } = await makeCertificates(folder, hosts);

  // Never listens: it speaks TLS on the sockets that the proxy hands over.
  const inside = createTlsServer({ key, cert }, (request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, host: headers.host ?? '', path: url });
    answer(site, request, response).catch((error: unknown) => failAloud(response, error));
  });
  const proxy = createServer((request, response) => {
    refusedHosts.push(hostOfPlainRequest(request));
    response.writeHead(403).end();
  });
  const sockets = new Set<Duplex>();
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  proxy.on('connect', ({ url = '' }: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A client that goes away is no fault of a test.
    socket.on('error', () => socket.destroy());
    if (!isYouTube(url)) {
      refusedHosts.push(url);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    inside.emit('connection', socket);
  });

  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    proxyUrl,
    caFile,
    environment: environmentFor(proxyUrl, caFile),
    refusedHosts,
    requests,
    add: (video) => videos.set(video.id, video),
    [Symbol.asyncDispose]: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await once(proxy, 'close');
      await folder[Symbol.asyncDispose]();
    },
  };
}

function environmentFor(proxyUrl: string, caFile: string): Record<string, string> {
  return {
    HTTP_PROXY: proxyUrl,
    http_proxy: proxyUrl,
    HTTPS_PROXY: proxyUrl,
    https_proxy: proxyUrl,
    NO_PROXY: '',
    no_proxy: '',
    SSL_CERT_FILE: caFile,
  };
}

function isYouTube(hostAndPort: string): boolean {
  return hosts.some((host) =>
    host.startsWith('*.')
      ? hostAndPort.endsWith(`${host.slice(1)}:443`)
      : hostAndPort === `${host}:443`,
  );
}

function hostOfPlainRequest({ url = '', headers }: IncomingMessage): string {
  const target = URL.parse(url);
  if (!target) return headers.host ?? url;
  return `${target.hostname}:${target.port || '80'}`;
}
