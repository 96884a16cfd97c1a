// A Node process with a download and an encoding that never end, for tests that kill it:
// `node convertingParent.ts <work folder> <endless url> <guard url> <sandbox?>`; `sandbox` as the last runs the
// tools in sandboxes.

import { childEnvironment } from '../../src/media/environment.ts';
import { withArguments } from '../../src/media/launch.ts';
import { run } from '../../src/media/process.ts';
import { confineTools } from '../../src/media/sandbox.ts';
import { findTools } from '../../src/media/tools.ts';
import { fetchSource } from '../../src/media/ytdlp.ts';

const [folder = '', url = '', proxyUrl = '', how] = process.argv.slice(2);
const hostEnvironment = { PATH: process.env['PATH'] };
const found = await findTools({
  ...{ ytdlpPath: null, ffmpegPath: null },
  searchPath: hostEnvironment.PATH ?? '',
});
const { tools } = await confineTools(found, {
  environment: how === 'sandbox' ? hostEnvironment : {},
  dataFolder: folder,
});
const { signal } = new AbortController();

await Promise.all([
  fetchSource({
    ytdlp: tools.ytdlp,
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
    tool: tools.ffmpeg.path,
    sandbox: tools.ffmpeg.sandbox,
    start: withArguments(['-re', '-f', 'lavfi', '-i', 'anullsrc', '-f', 'null', '-']),
    folder,
    environment: childEnvironment(hostEnvironment, folder),
    maxFileBytes: 0,
    timeoutMs: 60_000,
    signal,
  }),
]);
