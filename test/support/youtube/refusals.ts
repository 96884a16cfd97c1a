// How YouTube refuses a video, one row a reason, in the words of its answers in 2026. What yt-dlp makes
// of each is recorded in test/fixtures/ytdlp; this table judges nothing.

/** What differs from the answers for a video that plays. */
export type RefusalFacts = {
  /** `playabilityStatus` of page and API; absent: it plays. */
  readonly playability?: Playability;
  /** Merged into `videoDetails`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** `microformat.playerMicroformatRenderer.liveBroadcastDetails`. */
  readonly broadcast?: Readonly<Record<string, unknown>>;
  /** Takes the place of `streamingData`. */
  readonly streaming?: Readonly<Record<string, unknown>>;
  /** HTTP status of the watch page and of the player API; absent: 200. */
  readonly page?: number;
  readonly player?: number;
  /** Answers are about another video: how YouTube treats addresses that it blocks. */
  readonly otherVideo?: string;
};

type Playability = {
  readonly status: string;
  readonly reason: string;
  readonly [more: string]: unknown;
};

const screen = (status: string, reason: string, subreason = ''): Playability => ({
  status,
  reason,
  errorScreen: {
    playerErrorMessageRenderer: {
      reason: { simpleText: reason },
      ...(subreason && { subreason: { simpleText: subreason } }),
    },
  },
});
const gone = (subreason: string): RefusalFacts => ({
  playability: screen('ERROR', 'Video unavailable', subreason),
});
const forbidden = (reason: string, subreason?: string): RefusalFacts => ({
  playability: screen('UNPLAYABLE', reason, subreason),
});
const signIn = (reason: string, subreason: string): RefusalFacts => ({
  playability: screen('LOGIN_REQUIRED', reason, subreason),
});
const offline = (reason: string, details: Readonly<Record<string, unknown>>): RefusalFacts => ({
  playability: screen('LIVE_STREAM_OFFLINE', reason),
  details: { isLiveContent: true, ...details },
  broadcast: { isLiveNow: false, startTimestamp: '2099-01-01T20:00:00+00:00' },
});

/** Every refusal that the stand-in can give. */
export const refusals = {
  private: signIn('Private video', "Sign in if you've been granted access to this video"),
  age: {
    playability: {
      ...screen(
        'LOGIN_REQUIRED',
        'Sign in to confirm your age',
        'This video may be inappropriate for some users.',
      ),
      desktopLegacyAgeGateReason: 1,
    },
  },
  bot: signIn(
    'Sign in to confirm you’re not a bot',
    'This helps protect our community. Learn more',
  ),
  blockedAddress: { otherVideo: 'aQvGIIdgFDM' },
  unavailable: gone('This video is unavailable'),
  removed: gone('This video has been removed by the uploader'),
  terminated: gone(
    'This video is no longer available because the YouTube account associated with this video has been terminated.',
  ),
  copyright: gone('This video is no longer available due to a copyright claim by Example Music'),
  termsOfService: gone("This video has been removed for violating YouTube's Terms of Service"),
  members: forbidden(
    'Join this channel to get access to members-only content like this video, and other exclusive perks.',
  ),
  membersLevel: forbidden(
    "This video is available to this channel's members on level: Gold (or any higher level). Join this channel to get access to members-only content and other exclusive perks.",
  ),
  musicPremium: forbidden('This video is only available to Music Premium members'),
  payment: forbidden('This video requires payment to watch'),
  geo: forbidden(
    'Video unavailable',
    'The uploader has not made this video available in your country',
  ),
  geoCopyright: forbidden(
    'Video unavailable',
    'This video contains content from Example Music, who has blocked it in your country on copyright grounds',
  ),
  live: {
    details: { isLive: true, isLiveContent: true, lengthSeconds: '0' },
    broadcast: { isLiveNow: true, startTimestamp: '2024-01-01T20:00:00+00:00' },
    streaming: {
      hlsManifestUrl: 'https://manifest.googlevideo.com/api/manifest/hls_variant/live.m3u8',
    },
  },
  upcoming: offline('This live event will begin in 2 hours.', { isUpcoming: true }),
  premiere: offline('Premieres in 5 hours', { isUpcoming: true }),
  liveEnded: offline('This live event has ended.', {}),
  noRecording: {
    playability: screen('ERROR', 'This live stream recording is not available.'),
  },
  drm: {
    streaming: { licenseInfos: [{ drmFamily: 'WIDEVINE' }] },
  },
  rateLimited: forbidden("This content isn't available, try again later."),
  tooManyRequests: { page: 429, player: 429 },
  pageTooManyRequests: { page: 429 },
  playerTooManyRequests: { player: 429 },
  playerDown: { player: 503 },
  noFormats: { streaming: {} },
} as const satisfies Readonly<Record<string, RefusalFacts>>;

export type Refusal = keyof typeof refusals;
