// YouTube's links: every spelling of a video's address leads to its 11-character id.
// It trusts nothing of yt-dlp's own matching, which cuts long ids and takes mirrors for YouTube.

/** What a link on YouTube stands for. */
export type YoutubeLink = { readonly videoId: string } | { readonly refusal: YoutubeRefusal };
type YoutubeRefusal = 'NOT_A_VIDEO' | 'PLAYLIST_NOT_ALLOWED';

const videoIdPattern = /^[A-Za-z0-9_-]{11}$/;
/** Of an id's shape, but not ids: they stand where one is expected. */
const idLookalikes = new Set(['videoseries', 'live_stream']);
const hostPattern =
  /(?:^|\.)(?:youtube\.com|youtube-nocookie\.com|youtubekids\.com|youtubeeducation\.com|youtu\.be)$|^youtube\.googleapis\.com$/;
/** The watch page under its names; the id is the parameter `v`. */
const watchPages = new Set(['', 'watch', 'watch_popup']);
/** Pages whose path goes on with the id. */
const idPages = new Set(['shorts', 'embed', 'v', 'e', 'live']);
const playlistPages = new Set(['playlist', 'watch_videos', 'show']);

/** True for YouTube's own hosts, subdomains included. `hostname` has no trailing dot. */
export function isYoutubeHost(hostname: string): boolean {
  return hostPattern.test(hostname);
}

/** The one spelling of a video's address. */
export function youtubeWatchUrl(videoId: string): string {
  return `https://www.youtube.com/watch?v=${videoId}`;
}

/** Reads a link whose host is YouTube's. A video in a playlist is that one video. */
export function readYoutubeLink(url: URL): YoutubeLink {
  const wrapped = wrappedLink(url);
  if (wrapped === undefined) return readPlainLink(url);
  const target = URL.parse(wrapped, 'https://www.youtube.com');
  // Once only: a link in a link in a link is nobody's honest spelling.
  if (!target || !isYoutubeHost(target.hostname)) return { refusal: 'NOT_A_VIDEO' };
  return readPlainLink(target);
}

/** Pages that only lead on to another: shared attribution links, the consent page, old mobile links. */
function wrappedLink(url: URL): string | undefined {
  if (url.pathname === '/attribution_link') return url.searchParams.get('u') ?? '';
  if (url.hostname === 'consent.youtube.com') return url.searchParams.get('continue') ?? '';
  return /^#!?(\/.*)$/.exec(url.hash)?.[1];
}

function readPlainLink(url: URL): YoutubeLink {
  const [first = '', second = ''] = url.pathname.split('/').filter((segment) => segment !== '');
  const page = first.toLowerCase();
  const isWatchPage = watchPages.has(page);
  const claimed = new Set(isWatchPage ? watchIds(url, second) : pathIds(url, page, first, second));
  const [videoId] = claimed;
  if (claimed.size === 1 && videoId !== undefined && videoIdPattern.test(videoId)) {
    return { videoId };
  }
  const isPlaylist =
    playlistPages.has(page) ||
    (page === 'browse' && /^(?:VL|MPRE)/.test(second)) ||
    (claimed.size === 0 && (isWatchPage || page === 'embed') && url.searchParams.has('list'));
  return { refusal: isPlaylist ? 'PLAYLIST_NOT_ALLOWED' : 'NOT_A_VIDEO' };
}

/** `?v=ID`, `/watch/ID` and the old `#!v=ID`. Several that differ make the link void. */
function watchIds(url: URL, second: string): string[] {
  const inFragment = new URLSearchParams(url.hash.replace(/^#!?/, '')).getAll('v');
  const inPath = second === '' ? [] : [decodeOnce(second)];
  return [...url.searchParams.getAll('v'), ...inFragment, ...inPath];
}

function pathIds(url: URL, page: string, first: string, second: string): string[] {
  const isShortHost = url.hostname.endsWith('youtu.be');
  const segment = idPages.has(page) ? second : isShortHost ? first : '';
  // Flash-time links carry their parameters in the path: /v/ID&hl=en
  const claimed = decodeOnce(segment.split('&', 1)[0] ?? '');
  return claimed === '' || idLookalikes.has(claimed) ? [] : [claimed];
}

function decodeOnce(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
