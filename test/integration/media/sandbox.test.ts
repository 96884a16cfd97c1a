// What a tool can do in its sandbox, tried from within by a shell and by Python in the place of ffmpeg and yt-dlp.

import { once } from 'node:events';
import { symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { childEnvironment } from '../../../src/media/environment.ts';
import { withArguments } from '../../../src/media/launch.ts';
import { run } from '../../../src/media/process.ts';
import type { Exit, RunOptions } from '../../../src/media/process.ts';
import { confineTools } from '../../../src/media/sandbox.ts';
import type { ConfinedTools } from '../../../src/media/sandbox.ts';
import { findTools } from '../../../src/media/tools.ts';
import type { Tools } from '../../../src/media/tools.ts';
import { createTestDatabase } from '../../support/database.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';
import { processesIn } from '../../support/processes.ts';
import { runToExit, startTapedeck } from '../../support/tapedeck.ts';
import { openWorkplace } from '../../support/workplace.ts';
import type { TestWorkplace } from '../../support/workplace.ts';

const environment = { PATH: process.env['PATH'] };
let found: Tools;
let tools: ConfinedTools;
let secrets: Folder;
beforeAll(async () => {
  found = await findTools({
    ...{ ytdlpPath: null, ffmpegPath: null },
    searchPath: environment.PATH ?? '',
  });
  const { tools: confined, refusal } = await confineTools(found, {
    environment,
    dataFolder: tmpdir(),
  });
  if (refusal !== null) throw new Error(`There is no sandbox to try: ${refusal}`);
  tools = confined;
  secrets = await openFolder();
  await writeFile(secrets.file('secret'), 'of another job');
});
afterAll(async () => secrets[Symbol.asyncDispose]());

let workplace: TestWorkplace;
beforeEach(async () => {
  workplace = await openWorkplace();
});
afterEach(async () => workplace[Symbol.asyncDispose]());

type Kind = keyof ConfinedTools;

async function runIn(
  kind: Kind,
  tool: string,
  args: readonly string[],
  changes: Partial<RunOptions> = {},
): Promise<Exit & { readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const exit = await run({
    ...{ tool, start: withArguments(args), folder: workplace.folder, sandbox: tools[kind].sandbox },
    environment: childEnvironment(workplace.hostEnvironment, workplace.folder),
    ...{ maxFileBytes: 1_000_000, timeoutMs: 20_000, signal: workplace.signal },
    onLine: (line) => lines.push(line),
    ...changes,
  });
  return { ...exit, lines };
}
const shell = (kind: Kind, script: string) => runIn(kind, '/bin/sh', ['-c', script]);
const python = (kind: Kind, script: string, changes: Partial<RunOptions> = {}) =>
  runIn(kind, '/usr/bin/python3', ['-c', script], changes);

describe.each<Kind>(['ytdlp', 'ffmpeg'])('in the sandbox of %s', (kind) => {
  test('nothing of ours and nothing of the system’s settings is there', async () => {
    const paths = [
      secrets.file('secret'),
      import.meta.filename,
      '/etc/passwd',
      '/root',
      '/home',
      '/var',
    ];
    const { lines } = await shell(
      kind,
      paths.map((path) => `test -e '${path}' && echo "sees ${path}"`).join('; '),
    );
    expect(lines).toEqual([]);
  });

  test('the work folder alone can be written, and it is where the tool is', async () => {
    const { lines } = await shell(
      kind,
      'pwd; echo x > here && echo wrote here; (echo x > /usr/there) 2>/dev/null || echo refused; (echo x > /etc/there) 2>/dev/null && echo own /etc',
    );
    expect(lines).toEqual([workplace.folder, 'wrote here', 'refused', 'own /etc']);
  });

  test('what is ours among the folders of the system is hidden, and the tool is not', async () => {
    const { tools: confined, refusal } = await confineTools(found, {
      ...{ environment, dataFolder: '/usr/share' },
    });
    expect(refusal).toBeNull();
    const { sandbox } = confined[kind];
    const args = ['-c', 'ls -A /usr/share; test -d /usr/lib && echo sees the rest'];
    const { lines } = await runIn(kind, '/bin/sh', args, { sandbox });
    expect(lines).toEqual(['sees the rest']);
  });

  test('no process but its own is there, and none of ours can be signaled', async () => {
    const { lines } = await shell(
      kind,
      `ls /proc | grep -c '^[0-9]*$'; kill -0 ${process.pid} 2>/dev/null && echo reaches us`,
    );
    expect(Number(lines[0])).toBeLessThan(8);
    expect(lines.slice(1)).toEqual([]);
  });

  test('it holds no privilege and can gain none', async () => {
    const { lines } = await shell(kind, "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status");
    expect(lines.map((line) => line.replaceAll(/\s+/g, ' '))).toEqual([
      'CapEff: 0000000000000000',
      'CapBnd: 0000000000000000',
      'NoNewPrivs: 1',
    ]);
  });

  test('its arguments are untouched, its exit code is its own', async () => {
    const strange = ['-rf', '$(touch pwned)', 'a b', "';", '*', '--'];
    const script = 'printf "%s\\n" "$@"; exit 3';
    const { lines, exitCode } = await runIn(kind, '/bin/sh', ['-c', script, 'sh', ...strange]);
    expect({ lines, exitCode }).toEqual({ lines: strange, exitCode: 3 });
  });

  test('a signal that ends it is told as one', async () => {
    const { exitCode, signal } = await shell(kind, 'kill -SEGV $$');
    expect({ exitCode, signal }).toEqual({ exitCode: null, signal: 'SIGSEGV' });
  });

  test('a file cannot grow beyond its limit', async () => {
    const fill = 'dd if=/dev/zero of=filled bs=1000 count=2000 2>/dev/null';
    // The shell would tell of dd's end in its own way.
    expect(await shell(kind, `exec ${fill}`)).toMatchObject({ signal: 'SIGXFSZ' });
  });

  test('an abort ends everything in it', async () => {
    const ready = Promise.withResolvers<void>();
    const ended = runIn(kind, '/bin/sh', ['-c', 'sleep 60 & sleep 60 & echo ready; wait'], {
      onLine: () => ready.resolve(),
    });
    ended.catch(() => {});
    await ready.promise;
    expect((await processesIn(workplace.folder)).length).toBeGreaterThanOrEqual(3);
    workplace.abort(new Error('canceled'));
    await expect(ended).rejects.toThrow('canceled');
    expect(await processesIn(workplace.folder)).toEqual([]);
  });
});

describe('the network', () => {
  async function connects(kind: Kind): Promise<boolean> {
    await using server = createServer((socket) => socket.on('error', () => {}).end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { exitCode } = await python(
      kind,
      `import socket; socket.create_connection(("127.0.0.1", ${port}), 5)`,
    );
    return exitCode === 0;
  }

  test('yt-dlp reaches the egress guard on loopback', async () => {
    expect(await connects('ytdlp')).toBe(true);
  });

  test('ffmpeg reaches nobody', async () => {
    expect(await connects('ffmpeg')).toBe(false);
  });
});

describe('limits, in a sandbox or not', () => {
  const spin = 'while True: pass';

  test.each([
    ['with', () => tools.ffmpeg.sandbox],
    ['without', () => null],
  ])('the processor’s time has one, %s', async (_, sandbox) => {
    const ended = await python('ffmpeg', spin, { sandbox: sandbox(), maxCpuSeconds: 1 });
    expect(ended).toMatchObject({ exitCode: null, signal: 'SIGXCPU' });
  });

  test('so have open files', async () => {
    const script = 'a = [open("/dev/null") for _ in range(300)]';
    const { exitCode, lines } = await python('ffmpeg', script);
    expect({ exitCode, last: lines.at(-1) }).toEqual({
      ...{ exitCode: 1, last: expect.stringMatching(/Errno 24|Too many open files/) },
    });
  });
});

describe('where there can be none', () => {
  test('no bubblewrap: the tools stay as they are, and it is said why', async () => {
    const { tools: same, refusal } = await confineTools(found, {
      ...{ environment: { PATH: '/nowhere' }, dataFolder: tmpdir() },
    });
    expect(refusal).toBe('bubblewrap is not installed');
    expect([same.ytdlp.sandbox, same.ffmpeg.sandbox]).toEqual([null, null]);
  });

  test('a tool that does not run in it: the tool is named', async () => {
    const broken = { ...found, ffmpeg: { ...found.ffmpeg, ffprobePath: '/bin/false' } };
    const { refusal } = await confineTools(broken, { environment, dataFolder: tmpdir() });
    expect(refusal).toBe('/bin/false does not run in one on this system');
  });

  test('SANDBOX=require does not start, and says what is missing; auto does', async () => {
    await using folder = await openFolder();
    await using database = await createTestDatabase();
    for (const path of [found.ytdlp.path, found.ffmpeg.path, found.ffmpeg.ffprobePath]) {
      await symlink(path, folder.file(basename(path)));
    }
    const settings = { ROLES: 'worker', DATABASE_URL: database.url, PATH: folder.path };
    const options = { dataFolder: folder.file('data'), settings };
    const { exitCode, complaints } = await runToExit({
      ...options,
      settings: { ...settings, SANDBOX: 'require' },
    });
    expect({ exitCode, complaints }).toEqual({
      exitCode: 1,
      complaints:
        'Tapedeck cannot run: SANDBOX is require, and there is none: bubblewrap is not installed. See docs/security.md, or set it to auto.\n',
    });
    await using tapedeck = await startTapedeck(options);
    expect(tapedeck.output()).toContain('without a sandbox: bubblewrap is not installed');
  }, 60_000);
});
