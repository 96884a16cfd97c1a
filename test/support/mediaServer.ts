// Plain HTTP media on loopback, for yt-dlp's generic extractor: a table of routes, each with its own
// behaviour, and a private neighbour that nobody must be led to. It knows nothing of YouTube.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Delivery } from './delivery.ts';
import { createGate } from './gate.ts';
import { soundFile } from './sound.ts';
import type { Sound } from './sound.ts';
import { failAloud, sendMedia } from './transfer.ts';

type Route = {
  /** The end of the address; yt-dlp takes the name before it as id and title. */
  readonly extension: 'm4a' | 'ts' | 'm3u8' | 'html';
  readonly delivery?: Delivery;
  readonly text?: (sound: Sound) => string;
};

const page = '<!DOCTYPE html><html><head><title>A page</title></head><body>No media.</body></html>';
/** One segment is enough to go through yt-dlp's HLS downloader. */
const playlist = ({ seconds }: Sound): string =>
  `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:${seconds}\n#EXT-X-PLAYLIST-TYPE:VOD\n` +
  `#EXTINF:${seconds}.0,\n/segment.ts\n#EXT-X-ENDLIST\n`;

/** A fresh table for every server, since deliveries count down. Extraction and download ask once each. */
const routesOf = (privateUrl: string) =>
  ({
    ok: { extension: 'm4a' },
    slow: { extension: 'm4a', delivery: { kind: 'throttled', bytesPerSecond: 100_000 } },
    held: { extension: 'm4a' },
    /** Every transfer from the start breaks in the middle of the file; a resumed one gets through. */
    cut: { extension: 'm4a', delivery: { kind: 'cut', times: Infinity, onlyFromStart: true } },
    stalled: { extension: 'm4a', delivery: { kind: 'stalled' } },
    truncated: { extension: 'm4a', delivery: { kind: 'truncated' } },
    corrupt: { extension: 'm4a', delivery: { kind: 'corrupt' } },
    endless: { extension: 'm4a', delivery: { kind: 'endless' } },
    missing: { extension: 'm4a', delivery: { kind: 'status', status: 404, times: Infinity } },
    forbidden: { extension: 'm4a', delivery: { kind: 'status', status: 403, times: Infinity } },
    /** The first request of all gets 503, so the first attempt fails and the second succeeds. */
    downOnce: { extension: 'm4a', delivery: { kind: 'status', status: 503, times: 1 } },
    redirect: { extension: 'm4a', delivery: { kind: 'redirect', to: privateUrl } },
    hls: { extension: 'm3u8', text: playlist },
    segment: { extension: 'ts' },
    page: { extension: 'html', text: () => page },
  }) as const satisfies Record<string, Route>;

export type MediaRoute = keyof ReturnType<typeof routesOf>;

const contentTypes: Readonly<Record<Route['extension'], string>> = {
  m4a: 'audio/mp4',
  ts: 'video/mp2t',
  m3u8: 'application/vnd.apple.mpegurl',
  html: 'text/html; charset=utf-8',
};

export type MediaServerOptions = {
  /** What every route sounds like; 20 s if absent. */
  readonly sound?: Sound;
  readonly ffmpegPath?: string;
};

/** Ends, connections and held ones included, when disposed. */
export type MediaServer = AsyncDisposable & {
  /** `127.0.0.1:port`, an entry for ALLOWED_HOSTS. */
  readonly host: string;
  readonly sound: Sound;
  readonly url: (route: MediaRoute) => string;
  /** How often the route was asked for. */
  readonly requests: (route: MediaRoute) => number;
  /** How often somebody came to the neighbour that `redirect` leads to; its port is allowed nowhere. */
  readonly privateRequests: () => number;
  /**
   * Freezes `held` half-way until `release`. The extractor's look at the first bytes is a transfer
   * too, so `whenHeld` may tell of that one: await the phase of the job as well.
   */
  readonly hold: () => void;
  readonly release: () => void;
  readonly whenHeld: () => Promise<void>;
};

/** Starts on two free ports of 127.0.0.1. */
export async function startMediaServer(options: MediaServerOptions = {}): Promise<MediaServer> {
  const { sound = { id: 'media server', seconds: 20 }, ffmpegPath } = options;
  const counts = new Map<string, number>();
  const count = (name: string): unknown => counts.set(name, (counts.get(name) ?? 0) + 1);
  const gates = { held: createGate(), others: createGate() };

  const neighbour = await listen((_request, response) => {
    count('neighbour');
    response.writeHead(200, { 'content-type': 'audio/mp4' }).end('a secret');
  });
  const routes: Readonly<Record<string, Route>> = routesOf(`http://${neighbour.host}/secret.m4a`);
  const server = await listen((request, response) => {
    const name = /^\/(\w+)\.\w+$/.exec(request.url ?? '')?.[1] ?? '';
    const route = routes[name];
    count(name);
    if (!route) return void response.writeHead(404).end();
    const contentType = contentTypes[route.extension];
    if (route.text) {
      return void response.writeHead(200, { 'content-type': contentType }).end(route.text(sound));
    }
    return void answer(request, response, route, contentType).catch((error: unknown) =>
      failAloud(response, error),
    );
  });

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    route: Route,
    contentType: string,
  ): Promise<void> {
    await sendMedia(request, response, {
      path: await soundFile(sound, route.extension === 'ts' ? 'ts' : 'm4a', ffmpegPath),
      contentType,
      delivery: () => route.delivery ?? { kind: 'normal' },
      gate: route === routes['held'] ? gates.held : gates.others,
    });
  }

  return {
    host: server.host,
    sound,
    url: (route) => `http://${server.host}/${route}.${routes[route]!.extension}`,
    requests: (route) => counts.get(route) ?? 0,
    privateRequests: () => counts.get('neighbour') ?? 0,
    hold: gates.held.hold,
    release: gates.held.release,
    whenHeld: gates.held.whenHeld,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([server.close(), neighbour.close()]);
    },
  };
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ host: string; close: () => Promise<void> }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
