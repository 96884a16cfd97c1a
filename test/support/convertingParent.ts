// A Node process with a download and an encoding that never end, for tests that kill it:
// `node convertingParent.ts <work folder> <endless url> <guard url> <yt-dlp> <ffmpeg>`.

import { childEnvironment } from '../../src/media/environment.ts';
import { run, withArguments } from '../../src/media/process.ts';
import { fetchSource } from '../../src/media/ytdlp.ts';

const [folder = '', url = '', proxyUrl = '', ytdlp = '', ffmpeg = ''] = process.argv.slice(2);
const hostEnvironment = { PATH: process.env['PATH'] };
const { signal } = new AbortController();

await Promise.all([
  fetchSource({
    ytdlp: { path: ytdlp, version: '2023.03.04', jsRuntime: null },
    url,
    extractors: 'any',
    limits: { maxDurationSeconds: 60, maxFilesizeBytes: 1e9 },
    wantCover: false,
    proxyUrl,
    folder,
    hostEnvironment,
    signal,
    timeoutMs: 60_000,
    onSource: () => process.stdout.write('downloading\n'),
    onBegun: () => {},
    onProgress: () => {},
  }),
  run({
    tool: ffmpeg,
    start: withArguments(['-re', '-f', 'lavfi', '-i', 'anullsrc', '-f', 'null', '-']),
    folder,
    environment: childEnvironment(hostEnvironment, folder),
    maxFileBytes: 0,
    timeoutMs: 60_000,
    signal,
  }),
]);
