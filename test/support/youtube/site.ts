// YouTube's addresses: a table of routes, first match wins, and the answer of each.
// Reached only through the proxy of server.ts, which lets no other host through.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { json } from 'node:stream/consumers';

import { clip } from '../clip.ts';
import { sendMedia } from '../transfer.ts';
import { mediaFile, streamingData } from './formats.ts';
import {
  iframeScript,
  initialData,
  plainPage,
  playerResponse,
  playerScript,
  refusalOf,
  watchPage,
} from './pages.ts';
import { video } from './video.ts';
import type { Video } from './video.ts';

/** The hosts that the stand-in plays, as a certificate names them. */
export const hosts = [
  'youtube.com',
  '*.youtube.com',
  'youtu.be',
  '*.googlevideo.com',
  '*.ytimg.com',
];

/** The videos that exist, by id, and the ffmpeg that makes their media. */
export type Site = { readonly videos: ReadonlyMap<string, Video>; readonly ffmpegPath: string };

type Visit = {
  readonly site: Site;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the path's pattern captured. */
  readonly captured: readonly string[];
};
type Route = {
  readonly host: RegExp;
  readonly path: RegExp;
  readonly answer: (visit: Visit) => Promise<void> | void;
};

const page = /(^|\.)youtube\.com$/;
const routes: readonly Route[] = [
  { host: page, path: /^\/watch$/, answer: watch },
  { host: page, path: /^\/(?:shorts|live|embed)\/([\w-]{11})$/, answer: watch },
  { host: page, path: /^\/youtubei\/v1\/player$/, answer: player },
  { host: page, path: /^\/youtubei\/v1\/next$/, answer: next },
  { host: page, path: /^\/s\/player\/.*\.js$/, answer: text('text/javascript', playerScript) },
  { host: page, path: /^\/iframe_api$/, answer: text('text/javascript', iframeScript) },
  { host: page, path: /^\/generate_204$/, answer: ({ response }) => end(response, 204) },
  { host: page, path: /^\/(?:tv)?$/, answer: text('text/html', plainPage) },
  { host: /^youtu\.be$/, path: /^\/([\w-]{11})$/, answer: shortLink },
  { host: /^rr\d+---sn-x\.googlevideo\.com$/, path: /^\/videoplayback$/, answer: media },
  { host: /^manifest\.googlevideo\.com$/, path: /live\.m3u8$/, answer: liveManifest },
  { host: /^i\d?\.ytimg\.com$/, path: /^\/vi(?:_webp)?\/([\w-]{11})\//, answer: thumbnail },
];

/** Answers one request for one of `hosts`; 404 for what YouTube has but yt-dlp does not ask for. */
export async function answer(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', `https://${request.headers.host}`);
  for (const { host, path, answer: go } of routes) {
    const found = host.test(url.hostname) && path.exec(url.pathname);
    if (found) return go({ site, request, response, url, captured: found.slice(1) });
  }
  end(response, 404);
}

/** An id that nobody declared is a video that does not exist. */
function videoAt(site: Site, id: string | null | undefined): Video {
  return site.videos.get(id ?? '') ?? video({ id: id ?? '', refusal: 'unavailable' });
}

function watch({ site, response, url, captured }: Visit): void {
  const found = videoAt(site, captured[0] ?? url.searchParams.get('v'));
  const status = refusalOf(found).page;
  if (status) return end(response, status);
  return end(response, 200, 'text/html; charset=utf-8', watchPage(found));
}

async function player({ site, request, response }: Visit): Promise<void> {
  const asked = (await json(request)) as { videoId?: string };
  const found = videoAt(site, asked.videoId);
  const clientLeft = new AbortController();
  response.once('close', () => clientLeft.abort());
  await found.gates.player.pass(clientLeft.signal);
  const status = refusalOf(found).player;
  if (status) return end(response, status);
  const streaming = await streamingData(found, site.ffmpegPath);
  return endJson(response, playerResponse(found, streaming));
}

async function next({ site, request, response }: Visit): Promise<void> {
  const asked = (await json(request)) as { videoId?: string };
  endJson(response, initialData(videoAt(site, asked.videoId)));
}

function shortLink({ response, captured }: Visit): void {
  const location = `https://www.youtube.com/watch?v=${captured[0]}&feature=youtu.be`;
  response.writeHead(303, { location }).end();
}

async function media({ site, request, response, url }: Visit): Promise<void> {
  const found = videoAt(site, url.searchParams.get('id'));
  const file = await mediaFile(found, Number(url.searchParams.get('itag')), site.ffmpegPath);
  if (!file) return end(response, 404);
  return sendMedia(request, response, {
    ...file,
    delivery: () => found.media,
    gate: found.gates.media,
  });
}

/** Enough for a live stream to be known as one; it has no segments, so nobody can record it. */
function liveManifest({ response }: Visit): void {
  end(
    response,
    200,
    'application/vnd.apple.mpegurl',
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="mp4a.40.5,avc1.42c00b",RESOLUTION=256x144\n' +
      'https://manifest.googlevideo.com/api/manifest/hls_playlist/itag/91/index.m3u8\n',
  );
}

async function thumbnail({ site, response, url, captured }: Visit): Promise<void> {
  const found = videoAt(site, captured[0]);
  const extension = url.pathname.endsWith('.webp') ? 'webp' : 'jpg';
  const type = extension === 'webp' ? 'image/webp' : 'image/jpeg';
  if (found.thumbnail === 'missing') return end(response, 404);
  if (found.thumbnail === 'garbage') return end(response, 200, type, 'This is no picture.');
  // Each video has a picture of its own.
  const picture = `gradients=size=1280x720:nb_colors=3:seed=${Buffer.from(found.id).readUInt32BE(7)}`;
  // ffmpeg's own choice for WebP is an animation as often as not, which it cannot read again.
  const encoder = extension === 'webp' ? ['-c:v', 'libwebp'] : [];
  const args = ['-f', 'lavfi', '-i', picture, '-frames:v', '1', ...encoder];
  const path = await clip({ ffmpegPath: site.ffmpegPath, args, extension });
  return end(response, 200, type, await readFile(path));
}

function text(contentType: string, body: string): Route['answer'] {
  return ({ response }) => end(response, 200, contentType, body);
}

function endJson(response: ServerResponse, body: unknown): void {
  end(response, 200, 'application/json', JSON.stringify(body));
}

function end(
  response: ServerResponse,
  status: number,
  contentType?: string,
  body?: string | Buffer,
): void {
  response.writeHead(status, contentType ? { 'content-type': contentType } : {}).end(body);
}
