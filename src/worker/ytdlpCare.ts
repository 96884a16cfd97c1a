// Which yt-dlp this worker uses at any moment, and the parts that keep it young. The steps are in
// src/tasks/careForYtdlp.ts.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import { parseAllowedHosts } from '../domain/allowedHosts.ts';
import { extractorsFor, parseVideoUrl } from '../domain/url.ts';
import type { Logger } from '../logger.ts';
import { startEgressGuard } from '../media/egress.ts';
import { askYtdlpVersion, readYtdlpVersion } from '../media/tools.ts';
import type { Tools, Ytdlp } from '../media/tools.ts';
import { fetchSource } from '../media/ytdlp.ts';
import { versionsFolder, ytdlpVersions } from '../media/ytdlpVersions.ts';
import { createYtdlpRecord } from '../services/ytdlpRecord.ts';
import { careForYtdlp, installedVersion } from '../tasks/careForYtdlp.ts';
import type { YtdlpCare } from '../tasks/careForYtdlp.ts';
import type { ConvertOptions } from '../tasks/convert.ts';

/** How tools are looked for, and put into their sandbox. */
export type ToolFinder = {
  readonly find: () => Promise<Tools>;
  readonly confine: (tools: Tools) => Promise<Tools>;
};

type CareOptions = {
  readonly app: App;
  readonly tools: Tools;
  readonly finder: ToolFinder;
  /** The worker's own guard: a trial goes the way of every job. */
  readonly proxyUrl: string;
  readonly logger: Logger;
  /** The worker is stopping. */
  readonly signal: AbortSignal;
};

export type YtdlpInUse = Pick<ConvertOptions, 'ytdlp' | 'onYtdlpRun'> & {
  /** Null when it is not ours to replace. */
  readonly care: YtdlpCare | null;
};

/** An update that takes longer is tried again the next day. */
const longestUpdateMs = 5 * 60 * 1_000;
const longestTrialMs = 2 * 60 * 1_000;

export async function lookAfterYtdlp(options: CareOptions): Promise<YtdlpInUse> {
  const { app, tools, finder, logger } = options;
  const { ytdlpUpdate, dataFolder } = app.config;
  const isOurs = ['youtube-dl-exec', 'update'].includes(tools.ytdlp.origin);
  if (ytdlpUpdate === null || !isOurs) {
    return { ytdlp: async () => tools.ytdlp, onYtdlpRun: () => {}, care: null };
  }
  const versions = ytdlpVersions(versionsFolder(dataFolder));
  const record = createYtdlpRecord(app.pool);
  let known = { link: await versions.current(), ytdlp: tools.ytdlp };
  const ytdlp = async (): Promise<Ytdlp> => {
    const link = await versions.current();
    // Another process may have switched it. Whoever cannot be found leaves us what we have.
    if (link !== known.link) {
      const found = await finder.find().catch((err: unknown) => {
        logger.warn({ err, link }, 'the yt-dlp that is to be used does not run');
        return tools;
      });
      known = { link, ytdlp: found.ytdlp };
    }
    return known.ytdlp;
  };
  const nameOf = ({ origin, version }: Ytdlp) => (origin === 'update' ? version : installedVersion);
  const care = careForYtdlp({
    ...{ versions, record, logger },
    releasesUrl: ytdlpUpdate.releasesUrl,
    async openWay() {
      const guard = await startEgressGuard({
        allowedHosts: releaseHosts(ytdlpUpdate.releasesUrl),
        environment: app.config.environment,
        logger,
      });
      return {
        proxyUrl: guard.url,
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(longestUpdateMs)]),
        [Symbol.asyncDispose]: () => guard[Symbol.asyncDispose](),
      };
    },
    versionInUse: async () => (await ytdlp()).version,
    tryOut: (path, version) => tryOut(options, path, version, ytdlpUpdate.canaryUrl),
  });
  return {
    ytdlp,
    onYtdlpRun: (used, failure) =>
      void record
        .count(nameOf(used), failure)
        .catch((err: unknown) => logger.warn({ err }, 'a run of yt-dlp was not counted')),
    care,
  };
}

/** GitHub sends on to where it stores its files. */
function releaseHosts(releasesUrl: string) {
  const { host, hostname } = new URL(releasesUrl);
  const isGitHub = hostname === 'api.github.com';
  return parseAllowedHosts(isGitHub ? `${host},github.com,*.githubusercontent.com` : host)
    .allowedHosts;
}

/** As a job would run it: in its sandbox, through the guard, into a folder of its own. */
async function tryOut(
  { app, tools, finder, proxyUrl, signal }: CareOptions,
  path: string,
  version: string,
  canaryUrl: string | null,
): Promise<void> {
  const facts = readYtdlpVersion(version, new Date());
  if (facts === null) throw new Error(`${version} is no version of yt-dlp`);
  const { hasJsRuntimes, ...rest } = facts;
  const candidate: Ytdlp = {
    ...{ path, ...rest, origin: 'update' },
    jsRuntime: hasJsRuntimes ? process.execPath : null,
  };
  const { ytdlp } = await finder.confine({ ...tools, ytdlp: candidate });
  const said = await askYtdlpVersion(path, app.config.environment['PATH'] ?? '');
  if (said !== version) throw new Error(`it says that it is ${said} instead of ${version}`);
  const { allowedHosts, maxDurationSeconds, maxFileBytes, environment } = app.config;
  const canary = canaryUrl === null ? null : parseVideoUrl(canaryUrl, allowedHosts);
  // A canary of a site that is not allowed here could not be reached.
  if (canary === null || !canary.ok) return;
  await using folder = await app.storage.openWorkFolder({ jobId: randomUUID(), attempt: 0 });
  await fetchSource({
    ...{ ytdlp, proxyUrl, folder: folder.path, signal, hostEnvironment: environment },
    url: canary.source.canonicalUrl,
    extractors: extractorsFor(canary.source.site),
    limits: { maxDurationSeconds, maxFilesizeBytes: maxFileBytes },
    wantCover: false,
    timeoutMs: longestTrialMs,
    onSource: () => {},
    onBegun: () => {},
    onProgress: () => {},
  });
}
