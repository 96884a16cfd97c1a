// Starts yt-dlp, through youtube-dl-exec. It reads its address from stdin, so it can be started before there is one,
// and nobody sees the address in the list of processes.

import { create } from 'youtube-dl-exec';

import { proxyEnvironment } from './egress.ts';
import { childEnvironment, choosesCertificates, extraCertificates } from './environment.ts';
import type { HostEnvironment } from './environment.ts';
import { launch } from './launch.ts';
import type { Launched } from './launch.ts';
import { downloadFlags } from './ytdlpFlags.ts';
import type { Extractors, YtDlp } from './ytdlpFlags.ts';

/** All that a run of yt-dlp is started with. */
export type YtdlpStart = {
  readonly ytdlp: YtDlp;
  readonly extractors: Extractors;
  readonly wantCover: boolean;
  /** The guard through which all traffic goes. */
  readonly proxyUrl: string;
  readonly hostEnvironment: HostEnvironment;
  readonly limits: { readonly maxFilesizeBytes: number };
};

/** Two gigabytes take a minute; a site's scripts, some seconds. */
const longestCpuSeconds = 10 * 60;

/**
 * `folder`: fresh, empty, mode 0700; `nameInside` is what the tool calls it. Throws when a file of certificates cannot be
 * read, or the system starts no more programs.
 */
export async function launchYtdlp(
  options: YtdlpStart,
  folder: string,
  nameInside = folder,
): Promise<Launched> {
  const { ytdlp, hostEnvironment } = options;
  const ownCertificates = choosesCertificates(hostEnvironment);
  const flags = downloadFlags({ ...options, ownCertificates });
  return launch({
    tool: ytdlp.path,
    start(launcher, spawnOptions) {
      const child = create(launcher).exec('', flags, spawnOptions);
      // It is a promise too, which rejects on any exit code but 0: whoever attends it watches the child instead.
      child.catch(() => {});
      // And no more than a promise where nothing could be started.
      if (!('once' in child)) throw new Error(`Cannot start ${launcher}`);
      return child;
    },
    folder,
    environment: {
      ...childEnvironment(hostEnvironment, nameInside),
      ...(await extraCertificates(hostEnvironment, folder, nameInside)),
      // In the environment, for everyone on the machine can read a command line.
      ...proxyEnvironment(options.proxyUrl),
      YTDLP_NO_PLUGINS: '1',
    },
    sandbox: ytdlp.sandbox ?? null,
    maxFileBytes: options.limits.maxFilesizeBytes,
    maxCpuSeconds: longestCpuSeconds,
    hasInput: true,
  });
}
