import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { startEgressGuard } from '../../../src/media/egress.ts';
import { confineTools } from '../../../src/media/sandbox.ts';
import { findTools } from '../../../src/media/tools.ts';
import { eventually } from '../../support/eventually.ts';
import { lastFor } from '../../support/lasting.ts';
import { stalled, startSite } from '../../support/loopbackSite.ts';
import { processesIn } from '../../support/processes.ts';
import { openWorkplace } from '../../support/workplace.ts';

test.each(['sandbox', 'bare'])(
  'after kill -9 of Node neither its yt-dlp nor its ffmpeg lives on: %s',
  async (how) => {
    await using workplace = await openWorkplace();
    await using site = await startSite({ '/sound': stalled('audio/mp4', Buffer.alloc(70_000)) });
    await using guard = await startEgressGuard({
      allowedHosts: parseAllowedHosts(site.endpoint).allowedHosts,
      environment: {},
      logger: { warn: () => {}, debug: () => {} },
    });
    const program = fileURLToPath(new URL('../../support/convertingParent.ts', import.meta.url));
    const args = [workplace.folder, `${site.origin}/sound`, guard.url, how];
    const parent = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    const working = await processesIn(workplace.folder);
    // Its supervisor, and two processes of bwrap's own, show the tool's command line too.
    const itself = working.filter((command) => !/bwrap|supervise\.sh/.test(command));
    expect(itself.filter((command) => /yt-dlp|ffmpeg/.test(command))).toHaveLength(2);

    parent.kill('SIGKILL');
    await eventually(
      'yt-dlp and ffmpeg to end',
      async () => (await processesIn(workplace.folder)).length === 0,
      { timeoutMs: 1_000 },
    );
  },
);

test.each(['sandbox', 'bare'])(
  'whenever Node is killed while it starts tools, none of them lives on: %s',
  async (how) => {
    await using workplace = await openWorkplace();
    const search = { ytdlpPath: null, ffmpegPath: null, searchPath: process.env['PATH'] ?? '' };
    const { tools, refusal } = await confineTools(await findTools(search), {
      ...{ environment: process.env, dataFolder: workplace.folder },
    });
    expect(refusal).toBeNull();
    const program = fileURLToPath(new URL('../../support/startingParent.ts', import.meta.url));
    const sandbox = JSON.stringify(how === 'sandbox' ? tools.ffmpeg.sandbox : null);
    for (let delayMs = 0; delayMs < 90; delayMs += 3) {
      const parent = spawn(process.execPath, [program, workplace.folder, sandbox], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(parent.stdout, 'data');
      await lastFor(delayMs / 1_000);
      parent.kill('SIGKILL');
      await eventually(`all to end, ${delayMs} ms after the start`, async () => {
        const left = await processesIn(workplace.folder);
        if (left.length > 0) throw new Error(left.join('\n').slice(0, 1_000));
        return true;
      });
    }
  },
  60_000,
);
