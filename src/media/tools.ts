// Finds yt-dlp and ffmpeg and says how good they are. It installs nothing: scripts/tools.ts does. It
// asks for versions with execFile, because src/media/launch.ts is made for the runs of a job.

import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ytdlpVersions } from './ytdlpVersions.ts';

/** Where to look. The two settings are null when they are empty. */
export type ToolSearch = {
  readonly ytdlpPath: string | null;
  readonly ffmpegPath: string | null;
  /** Folders, as in the variable PATH. */
  readonly searchPath: string;
  /** Where Tapedeck keeps what it fetched itself; absent: it does not. */
  readonly versionsFolder?: string;
};

export type Ytdlp = {
  readonly path: string;
  /** Its date, with a fourth number in nightly builds: 2026.08.19 or 2026.08.19.232812. */
  readonly version: string;
  /** Whole days since that date. */
  readonly ageDays: number;
  /** Our own Node, for `--js-runtimes`; null when this version does not know that option. */
  readonly jsRuntime: string | null;
  /** `update`: fetched by Tapedeck itself. */
  readonly origin: 'YTDLP_PATH' | 'update' | 'youtube-dl-exec' | 'PATH';
};

export type Ffmpeg = {
  readonly path: string;
  readonly ffprobePath: string;
  readonly version: string;
};

export type Tools = { readonly ytdlp: Ytdlp; readonly ffmpeg: Ffmpeg };

/** Tools that are not there or do not run. The message is one sentence that says what to do. */
export class ToolError extends Error {
  /** Names of Debian packages that would help; empty when a setting is wrong. */
  readonly missing: readonly string[];

  constructor(message: string, missing: readonly string[]) {
    super(message);
    this.name = 'ToolError';
    this.missing = missing;
  }
}

/** The binary that youtube-dl-exec fetches when it is installed; it may be absent. */
export const bundledYtdlp = (
  createRequire(import.meta.url)('youtube-dl-exec/src/constants') as { YOUTUBE_DL_PATH: string }
).YOUTUBE_DL_PATH;

/**
 * Finds both tools, at the same time: the settings, else the newer of youtube-dl-exec's own binary and an update,
 * else PATH; of these the first that runs. Throws a ToolError.
 */
export async function findTools(search: ToolSearch): Promise<Tools> {
  const [ytdlp, ffmpeg] = await Promise.all([findYtdlp(search), findFfmpeg(search)]);
  if (ytdlp === null || ffmpeg === null) {
    throw missingTools([
      ...(ytdlp === null ? ['yt-dlp'] : []),
      ...(ffmpeg === null ? ['ffmpeg'] : []),
    ]);
  }
  return { ytdlp, ffmpeg };
}

/** The one sentence for tools that are nowhere. */
export function missingTools(missing: readonly string[]): ToolError {
  const [names, verb] = [missing.join(' '), missing.length > 1 ? 'are' : 'is'];
  return new ToolError(
    `${missing.join(' and ')} ${verb} missing: install with "apt-get install ${names}" (Debian) or "brew install ${names}" (macOS), then start again.`,
    missing,
  );
}

/** What to tell the operator at start, one sentence each; empty when the tools are fine. */
export function warnings({ ytdlp }: Tools): string[] {
  const { version, ageDays, jsRuntime } = ytdlp;
  return [
    ...(ageDays > 90
      ? [
          `yt-dlp ${version} is ${ageDays} days old and sites change often: install the newest (https://github.com/yt-dlp/yt-dlp/wiki/Installation) and name it in YTDLP_PATH.`,
        ]
      : []),
    ...(jsRuntime === null
      ? [`yt-dlp ${version} knows no JavaScript runtime, which many YouTube videos need.`]
      : []),
  ];
}

/** A version's age and abilities on a day; null when the text is no version of yt-dlp. */
export function readYtdlpVersion(
  text: string,
  now: Date,
): { version: string; ageDays: number; hasJsRuntimes: boolean } | null {
  const match = /^(\d{4})\.(\d\d)\.(\d\d)(?:\.\d+)?$/u.exec(text.trim());
  if (match === null) return null;
  const [version, year, month, day] = match;
  const released = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return {
    version,
    ageDays: Math.max(0, Math.floor((now.getTime() - released) / 86_400_000)),
    // The release that brought --js-runtimes: https://github.com/yt-dlp/yt-dlp/releases/tag/2025.11.12
    hasJsRuntimes: version >= '2025.11.12',
  };
}

/** What the program says that it is; null when it does not run. */
export async function askYtdlpVersion(path: string, searchPath: string): Promise<string | null> {
  // A yt-dlp.conf with an option that this version does not know would make it fail.
  return (await askTool(path, ['--ignore-config', '--version'], searchPath))?.trim() ?? null;
}

async function findYtdlp(search: ToolSearch): Promise<Ytdlp | null> {
  type Candidate = { path: string; origin: Ytdlp['origin'] };
  const tryOne = async ({ path, origin }: Candidate): Promise<Ytdlp | null> => {
    const facts = readYtdlpVersion(
      (await askYtdlpVersion(path, search.searchPath)) ?? '',
      new Date(),
    );
    if (facts === null) return null;
    const { hasJsRuntimes, ...rest } = facts;
    return { path, ...rest, jsRuntime: hasJsRuntimes ? process.execPath : null, origin };
  };
  if (search.ytdlpPath === null) {
    const ours = await Promise.all([
      tryOne({ path: bundledYtdlp, origin: 'youtube-dl-exec' }),
      search.versionsFolder === undefined ? null : tryUpdate(search.versionsFolder, tryOne),
    ]);
    const [newest] = ours
      .filter((found) => found !== null)
      .toSorted((one, other) => other.version.localeCompare(one.version));
    if (newest !== undefined) return newest;
  }
  const name = search.ytdlpPath ?? 'yt-dlp';
  const origin = search.ytdlpPath === null ? 'PATH' : 'YTDLP_PATH';
  for (const path of named(name, search)) {
    const found = await tryOne({ path, origin });
    if (found !== null) return found;
  }
  if (search.ytdlpPath !== null) throw wrongSetting('YTDLP_PATH', search.ytdlpPath, 'yt-dlp');
  return null;
}

/** By the true path of the version, not by the link: a run that has begun keeps its program. */
async function tryUpdate(
  folder: string,
  tryOne: (candidate: { path: string; origin: 'update' }) => Promise<Ytdlp | null>,
): Promise<Ytdlp | null> {
  const versions = ytdlpVersions(folder);
  const current = await versions.current();
  return current === null ? null : tryOne({ path: versions.pathOf(current), origin: 'update' });
}

async function findFfmpeg(search: ToolSearch): Promise<Ffmpeg | null> {
  const candidates =
    search.ffmpegPath === null ? onPath('ffmpeg', search) : named(search.ffmpegPath, search);
  for (const path of candidates) {
    const answer = await askTool(path, ['-version'], search.searchPath);
    const version = /^ffmpeg version (\S+)/u.exec(answer ?? '')?.[1];
    if (version === undefined) continue;
    for (const ffprobePath of [join(dirname(path), 'ffprobe'), ...onPath('ffprobe', search)]) {
      if (await isExecutable(ffprobePath)) return { path, ffprobePath, version };
    }
  }
  if (search.ffmpegPath !== null) {
    throw wrongSetting('FFMPEG_PATH', search.ffmpegPath, 'ffmpeg with its ffprobe');
  }
  return null;
}

function wrongSetting(name: string, value: string, tool: string): ToolError {
  return new ToolError(
    `${name} is ${value}, which does not run as ${tool}: correct it, or leave it empty.`,
    [],
  );
}

function named(setting: string, search: ToolSearch): string[] {
  return setting.includes('/') ? [resolve(setting)] : onPath(setting, search);
}

function onPath(name: string, { searchPath }: ToolSearch): string[] {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => resolve(folder, name));
}

/** What a program says of itself; null when it is missing, fails, or takes over 20 s. */
export async function askTool(
  path: string,
  question: readonly string[],
  searchPath: string,
): Promise<string | null> {
  if (!(await isExecutable(path))) return null;
  try {
    // As bare as a job's: what runs only with a home of its own would fail there too.
    const env = { PATH: searchPath, HOME: tmpdir(), LANG: 'C.UTF-8' };
    const { stdout } = await promisify(execFile)(path, question, { env, timeout: 20_000 });
    return stdout;
  } catch {
    return null;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
