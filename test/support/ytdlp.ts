// Runs the real, unmodified yt-dlp as the product does (extract and download, no conversion) to prove the
// stand-ins and to record its words. The product's own command line is src/media/ytdlp.ts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { YouTube } from './youtube/server.ts';
import type { Video } from './youtube/video.ts';

export type YtDlpRun = {
  /** Where the file goes; also the working directory. */
  readonly folder: string;
  readonly url: string;
  /** Proxy and trust variables, for example `youtube.environment`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After the product's own options, so that they win. */
  readonly args?: readonly string[];
  readonly ytdlpPath?: string;
  /** Ends it: the exit code is null then. */
  readonly signal?: AbortSignal;
};
export type YtDlpResult = {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

const options = [
  ...[
    '--ignore-config',
    '--no-update',
    '--no-cache-dir',
    '--no-playlist',
    '--compat-options',
    'no-certifi',
  ],
  ...['--socket-timeout', '15', '--retries', '3', '--fragment-retries', '3'],
  ...['--extractor-retries', '2', '--file-access-retries', '1', '--abort-on-unavailable-fragments'],
  ...['--break-match-filters', '!is_live & live_status!=?is_upcoming & duration<=?7200'],
  ...['-f', 'ba[ext=m4a]/ba/b', '--fixup', 'never', '--no-mtime', '-o', '%(id)s.%(ext)s'],
  ...['--write-thumbnail', '--no-simulate', '--progress', '--newline'],
  ...['--progress-template', 'download:@dl %(progress.{status,downloaded_bytes,total_bytes})j'],
  ...['--print', 'pre_process:@pre %(.{id,title,duration,live_status})j'],
  ...[
    '--print',
    'before_dl:@meta %(.{id,title,duration,uploader,upload_date,thumbnail,chapters,format_id,ext})j',
  ],
  ...['--print', 'after_move:@file %(filepath)j'],
];

/** Resolves when yt-dlp has ended, however it ended. Throws only when it cannot be started. */
export async function runYtDlp(run: YtDlpRun): Promise<YtDlpResult> {
  const child = spawn(
    run.ytdlpPath ?? 'yt-dlp',
    [...options, '-P', `home:${run.folder}`, ...(run.args ?? []), '--', run.url],
    {
      cwd: run.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: run.folder,
        LANG: 'C.UTF-8',
        ...run.environment,
      },
    },
  );
  run.signal?.addEventListener('abort', () => child.kill(), { once: true });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

/** A video of the stand-in, by yt-dlp's extractor for YouTube and no other. */
export function runYtDlpOn(
  { id }: Pick<Video, 'id'>,
  youtube: YouTube,
  run: Omit<YtDlpRun, 'url' | 'environment'>,
): Promise<YtDlpResult> {
  return runYtDlp({
    ...run,
    url: `https://www.youtube.com/watch?v=${id}`,
    environment: youtube.environment,
    args: ['--use-extractors', 'youtube', ...(run.args ?? [])],
  });
}

/** The JSON behind the last line that begins with `@mark`. Throws with all output when there is none. */
export function printed(result: YtDlpResult, mark: string): unknown {
  const line = result.stdout.split('\n').findLast((each) => each.startsWith(`@${mark} `));
  if (!line) {
    throw new Error(`yt-dlp printed no @${mark} (exit ${result.exitCode}):\n${outputOf(result)}`);
  }
  return JSON.parse(line.slice(mark.length + 2));
}

/** Both streams, for a failure message. */
export const outputOf = ({ stdout, stderr }: YtDlpResult): string => `${stdout}\n${stderr}`;
