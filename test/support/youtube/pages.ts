// What YouTube says about a video: the player response, the initial data, and the watch page that
// embeds both. It carries only what yt-dlp reads; nothing here is measured or sent.

import { refusals } from './refusals.ts';
import type { RefusalFacts } from './refusals.ts';
import type { Video } from './video.ts';

type Json = Readonly<Record<string, unknown>>;

const client = { hl: 'en', gl: 'US', clientName: 'WEB', clientVersion: '2.20260801.00.00' };
const configuration = {
  INNERTUBE_API_KEY: 'key-of-the-stand-in',
  INNERTUBE_CONTEXT: { client },
  INNERTUBE_CONTEXT_CLIENT_NAME: 1,
  INNERTUBE_CLIENT_VERSION: client.clientVersion,
  VISITOR_DATA: 'visitor-of-the-stand-in',
  STS: 20_500,
  PLAYER_JS_URL: '/s/player/0123abcd/player_ias.vflset/en_US/base.js',
};

/** The row of the video's refusal; nothing differs for a video that plays. */
export const refusalOf = (of: Video): RefusalFacts => (of.refusal ? refusals[of.refusal] : {});

/**
 * `ytInitialPlayerResponse` and the player API's answer alike. `streaming` is null where YouTube lists
 * no addresses: in the page, since its own player gets the media by other means.
 */
export function playerResponse(of: Video, streaming: Json | null): Json {
  const refusal = refusalOf(of);
  const status = refusal.playability?.status ?? 'OK';
  const isHidden = status === 'ERROR' || status === 'LOGIN_REQUIRED';
  return {
    playabilityStatus: refusal.playability ?? { status, playableInEmbed: true },
    ...(streaming && !refusal.playability && { streamingData: refusal.streaming ?? streaming }),
    ...(!isHidden && { videoDetails: videoDetails(of, refusal), microformat: microformat(of) }),
  };
}

function videoDetails(of: Video, refusal: RefusalFacts): Json {
  return {
    videoId: refusal.otherVideo ?? of.id,
    title: of.title,
    lengthSeconds: String(of.durationSeconds),
    author: of.uploader,
    channelId: 'UC0123456789abcdefghijkl',
    shortDescription: of.description,
    isLiveContent: false,
    isPrivate: false,
    viewCount: '42',
    thumbnail: { thumbnails: thumbnails(of) },
    ...refusal.details,
  };
}

function microformat(of: Video): Json {
  const broadcast = refusalOf(of).broadcast;
  const date = `${of.uploadDate}T12:00:00-07:00`;
  return {
    playerMicroformatRenderer: {
      publishDate: date,
      uploadDate: date,
      availableCountries: ['AT', 'CH', 'DE'],
      isFamilySafe: true,
      isUnlisted: false,
      category: 'Music',
      ownerProfileUrl: 'http://www.youtube.com/@tapedeck-test',
      ...(broadcast && { liveBroadcastDetails: broadcast }),
    },
  };
}

function thumbnails(of: Video): Json[] {
  const address = (name: string): string => `https://i.ytimg.com/vi/${of.id}/${name}.jpg`;
  return [
    { url: address('hqdefault'), width: 480, height: 360 },
    { url: address('maxresdefault'), width: 1280, height: 720 },
  ];
}

/** `ytInitialData` and the answer of the `next` API: owner and chapters. */
export function initialData(of: Video): Json {
  const chapters = of.chapters.map(({ title, startSeconds }) => ({
    chapterRenderer: { title: { simpleText: title }, timeRangeStartMillis: startSeconds * 1000 },
  }));
  const bar = { playerBar: { chapteredPlayerBarRenderer: { chapters } } };
  const owner = { videoOwnerRenderer: { title: { runs: [{ text: of.uploader }] } } };
  const contents = [
    { videoPrimaryInfoRenderer: { title: { runs: [{ text: of.title }] } } },
    { videoSecondaryInfoRenderer: { owner } },
  ];
  return {
    contents: { twoColumnWatchNextResults: { results: { results: { contents } } } },
    ...(chapters.length > 0 && {
      playerOverlays: {
        playerOverlayRenderer: { decoratedPlayerBarRenderer: { decoratedPlayerBarRenderer: bar } },
      },
    }),
  };
}

/** The HTML of `/watch`. */
export function watchPage(of: Video): string {
  return `<!DOCTYPE html><html><head><title>YouTube</title>
<script>ytcfg.set(${inScript(configuration)});</script></head><body>
<script>var ytInitialPlayerResponse = ${inScript(playerResponse(of, null))};</script>
<script>var ytInitialData = ${inScript(initialData(of))};</script>
</body></html>`;
}

/** The start page and its like: the configuration alone. */
export const plainPage = `<!DOCTYPE html><html><head><title>YouTube</title>
<script>ytcfg.set(${inScript(configuration)});</script></head><body></body></html>`;

/** A player script that holds nothing to solve. */
export const playerScript = `var config = { signatureTimestamp: ${configuration.STS} };`;
/** Names the player script's version. */
export const iframeScript = `var scriptUrl = 'https:\\/\\/www.youtube.com\\/s\\/player\\/0123abcd\\/www-widgetapi.vflset\\/www-widgetapi.js';`;

function inScript(data: Json): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}
