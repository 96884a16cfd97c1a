// Asks where yt-dlp is published for its newest release, and fetches it: the same file that youtube-dl-exec
// fetches at its installation, but checked against the published sum. It starts nothing and installs nothing.

import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';

/** What GitHub tells of a release; a mirror has to answer the same. */
const releaseSchema = z.object({
  tag_name: z.string().regex(/^\d{4}\.\d\d\.\d\d(?:\.\d+)?$/),
  assets: z.array(z.object({ name: z.string(), browser_download_url: z.url() })),
});

export type YtdlpRelease = {
  readonly version: string;
  readonly url: string;
  readonly sumsUrl: string;
};

export type Fetching = {
  /** The proxy that all of it goes through. */
  readonly proxyUrl: string;
  readonly signal: AbortSignal;
};

const assetName = 'yt-dlp';
const sumsName = 'SHA2-256SUMS';
/** It has 3 MB. */
const largestBytes = 50 * 1024 * 1024;
const mostRedirects = 5;
const silenceMs = 30_000;

/** Throws an Error that says what was answered instead. */
export async function findNewestRelease(
  releasesUrl: string,
  fetching: Fetching,
): Promise<YtdlpRelease> {
  const text = (await get(releasesUrl, fetching)).toString();
  const { tag_name: version, assets } = releaseSchema.parse(JSON.parse(text));
  const urlOf = (name: string) => {
    const asset = assets.find((each) => each.name === name);
    if (asset === undefined) throw new Error(`the release ${version} has no ${name}`);
    return asset.browser_download_url;
  };
  return { version, url: urlOf(assetName), sumsUrl: urlOf(sumsName) };
}

/** The program of the release. Throws when its sum is not the published one. */
export async function fetchRelease(release: YtdlpRelease, fetching: Fetching): Promise<Buffer> {
  const sums = (await get(release.sumsUrl, fetching)).toString();
  const [, published] = new RegExp(`^([0-9a-f]{64}) [ *]${assetName}$`, 'm').exec(sums) ?? [];
  if (published === undefined) throw new Error(`no sum of ${assetName} is published`);
  const program = await get(release.url, fetching);
  const sum = createHash('sha256').update(program).digest('hex');
  if (sum !== published) throw new Error(`the sum is ${sum} instead of ${published}`);
  return program;
}

async function get(url: string, fetching: Fetching, redirects = 0): Promise<Buffer> {
  const { protocol } = new URL(url);
  // Node's fetch knows no proxy of its own.
  const proxyEnv = { HTTP_PROXY: fetching.proxyUrl, HTTPS_PROXY: fetching.proxyUrl };
  const [client, agent] =
    protocol === 'https:'
      ? [https, new https.Agent({ proxyEnv })]
      : [http, new http.Agent({ proxyEnv })];
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const headers = { 'user-agent': 'tapedeck', accept: '*/*' };
  const request = client.get(
    url,
    { agent, headers, signal: fetching.signal, timeout: silenceMs },
    resolve,
  );
  request.on('timeout', () => request.destroy(new Error(`silence for ${silenceMs} ms`)));
  request.on('error', reject);
  try {
    const response = await promise;
    const { statusCode = 0, headers: answered } = response;
    if (answered.location !== undefined && redirects < mostRedirects) {
      response.resume();
      return await get(new URL(answered.location, url).href, fetching, redirects + 1);
    }
    if (statusCode !== 200) {
      response.resume();
      throw new Error(`${new URL(url).host} answered ${statusCode}`);
    }
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > largestBytes) response.destroy(new Error('it is too large to be yt-dlp'));
    });
    return await buffer(response);
  } finally {
    agent.destroy();
  }
}
