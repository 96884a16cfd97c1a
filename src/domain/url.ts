// From the text that a caller pasted to the identity of one video, or to the reason for a refusal.
// It opens nothing: what lies behind an accepted address is seen by yt-dlp alone, through media/egress.
import { withoutTrailingDot } from './address.ts';
import { allowsHost, withoutWww } from './allowedHosts.ts';
import type { AllowedHosts } from './allowedHosts.ts';
import type { SourceIdentity } from './job.ts';
import { isYoutubeHost, readYoutubeLink, youtubeWatchUrl } from './youtube.ts';

/** Those of the API's RequestMp3ErrorCode that speak of the link. */
export type UrlRefusalCode =
  | 'URL_MALFORMED'
  | 'URL_SCHEME_NOT_ALLOWED'
  | 'URL_HOST_NOT_ALLOWED'
  | 'URL_HAS_CREDENTIALS'
  | 'URL_TOO_LONG'
  | 'NOT_A_VIDEO'
  | 'PLAYLIST_NOT_ALLOWED';

/** `message` is one sentence for the caller: what to do. */
export type ParsedVideoUrl =
  | { readonly ok: true; readonly source: SourceIdentity }
  | { readonly ok: false; readonly code: UrlRefusalCode; readonly message: string };

/** Of the pasted text and of the address made from it; browsers and servers go no further either. */
const maxUrlLength = 2048;

/** Parameters that tell where a visitor came from, never what is shown. */
const trackingParameter =
  /^(?:utm_\w+|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid|_ga|_gl|si)$/i;

/** Spaces and invisible marks that come along when a link is copied from a chat or a page. */
const surroundings =
  /^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069]+|[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069]+$/g;

const messages: Record<Exclude<UrlRefusalCode, 'URL_HOST_NOT_ALLOWED'>, string> = {
  URL_MALFORMED: 'This is not a link; paste the address of one video and nothing else.',
  URL_SCHEME_NOT_ALLOWED:
    'The link has to begin with https:// or http://; paste the address of a video.',
  URL_HAS_CREDENTIALS: 'The link contains a user name or password; paste it without them.',
  URL_TOO_LONG: `The link is longer than ${maxUrlLength} characters; paste a shorter one.`,
  NOT_A_VIDEO: 'The link does not lead to one video; open the video and paste its address.',
  PLAYLIST_NOT_ALLOWED:
    'The link leads to a playlist; open one of its videos and paste the address of that.',
};

/** Reads what a caller pasted. Never throws; the same video gives the same site and externalId. */
export function parseVideoUrl(text: string, allowedHosts: AllowedHosts): ParsedVideoUrl {
  if (text.length > 2 * maxUrlLength) return refusal('URL_TOO_LONG');
  const pasted = text.replace(surroundings, '');
  if (pasted.length > maxUrlLength) return refusal('URL_TOO_LONG');
  // The URL parser would silently drop tabs and line breaks, and encode spaces.
  if (/[\s\p{Cc}]/u.test(pasted)) return refusal('URL_MALFORMED');

  // `example.com:8080/x` has a port and no scheme; `javascript:x` has a scheme.
  const hasScheme = /^[a-z][a-z0-9+.-]*:(?!\d+(?:[/?#]|$))/i.test(pasted);
  const url = URL.parse(hasScheme ? pasted : `https://${pasted.replace(/^\/\//, '')}`);
  if (url === null) return refusal('URL_MALFORMED');
  if (!/^https?:$/.test(url.protocol)) return refusal('URL_SCHEME_NOT_ALLOWED');
  if (url.username !== '' || url.password !== '') return refusal('URL_HAS_CREDENTIALS');
  url.hostname = withoutTrailingDot(url.hostname);
  const hasEmptyLabel = url.hostname.split('.').includes('');
  if (hasEmptyLabel || (!hasScheme && !/[.\]]|^localhost$/.test(url.hostname))) {
    return refusal('URL_MALFORMED');
  }
  return isYoutubeHost(url.hostname)
    ? parseYoutubeUrl(url, allowedHosts)
    : parseOtherUrl(url, allowedHosts);
}

/** Which of yt-dlp's extractors may see a source: for YouTube only its own, which reach no other site. */
export function extractorsFor(site: string): 'youtube' | 'any' {
  return site === 'youtube' ? 'youtube' : 'any';
}

function parseYoutubeUrl(url: URL, allowedHosts: AllowedHosts): ParsedVideoUrl {
  if (!allowedHosts.youtube || url.port !== '') return hostRefusal(url, allowedHosts);
  const link = readYoutubeLink(url);
  if ('refusal' in link) return refusal(link.refusal);
  const canonicalUrl = youtubeWatchUrl(link.videoId);
  return { ok: true, source: { site: 'youtube', externalId: link.videoId, canonicalUrl } };
}

/**
 * Any other site: its host names it, path and query name the video. The address keeps the order and
 * spelling of its parameters, which signed links depend on; the identity sorts them.
 */
function parseOtherUrl(url: URL, allowedHosts: AllowedHosts): ParsedVideoUrl {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  if (!allowsHost(allowedHosts, url.hostname, port)) return hostRefusal(url, allowedHosts);
  const parameters = url.search.slice(1).split('&').filter(isMeaningful);
  url.search = queryOf(parameters);
  // A fragment is a place on the page, unless the page routes by it. A second # never passes: yt-dlp
  // takes what follows it for its own internal data (`#__youtubedl_smuggle`, CVE-2023-46121).
  url.hash = /^#!?\/[^#]*$/.test(url.hash) ? url.hash : '';
  if (url.href.length > maxUrlLength) return refusal('URL_TOO_LONG');

  const sorted = parameters.map(withoutNeedlessEscapes).toSorted(byName);
  const externalId = withoutNeedlessEscapes(url.pathname) + queryOf(sorted) + url.hash;
  return { ok: true, source: { site: withoutWww(url.host), externalId, canonicalUrl: url.href } };
}

function queryOf(parameters: readonly string[]): string {
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}

function isMeaningful(parameter: string): boolean {
  return parameter !== '' && !trackingParameter.test(nameOf(parameter));
}

function nameOf(parameter: string): string {
  return parameter.split('=', 1)[0] ?? '';
}

/** Repeated parameters keep their order, which may mean something. */
function byName(one: string, other: string): number {
  const [name, otherName] = [nameOf(one), nameOf(other)];
  return name < otherName ? -1 : name > otherName ? 1 : 0;
}

/** RFC 3986, 6.2.2: `%7e` and `~` are the same, `%2f` and `%2F` too, `%2F` and `/` are not. */
function withoutNeedlessEscapes(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
  });
}

function hostRefusal(url: URL, allowedHosts: AllowedHosts): ParsedVideoUrl {
  const isYoutubeOnly =
    !allowedHosts.everyPublicSite &&
    allowedHosts.hosts.size + allowedHosts.domains.size + allowedHosts.endpoints.size === 0;
  const message =
    url.port !== ''
      ? 'This server does not convert from that host and port; paste the usual address of a video.'
      : isYoutubeOnly
        ? 'This server converts from YouTube only; paste the address of a video there.'
        : allowedHosts.everyPublicSite
          ? 'The link does not lead to a public site; paste the address of a video on one.'
          : 'This server does not convert from that site; paste the address of a video on another.';
  return { ok: false, code: 'URL_HOST_NOT_ALLOWED', message };
}

function refusal(code: keyof typeof messages): ParsedVideoUrl {
  return { ok: false, code, message: messages[code] };
}
