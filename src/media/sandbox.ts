// A small world for one tool, made of namespaces by bubblewrap: it sees the system's programs, its work folder and
// nothing else, neither our database nor our secrets, and no process but its own; ffmpeg has no network either.
// It decides which tools can run in one, and starts none of a job.

import { access, readFile, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { choosesCertificates } from './environment.ts';
import type { HostEnvironment } from './environment.ts';
import { askTool } from './tools.ts';
import type { Tools } from './tools.ts';

/** How to start a tool in its sandbox: bwrap with its options, to be followed by the work folder's. */
export type Sandbox = readonly string[];

/** Tools as they were found, and the sandboxes that they are to run in. */
export type ConfinedTools = {
  readonly ytdlp: Tools['ytdlp'] & { readonly sandbox: Sandbox | null };
  readonly ffmpeg: Tools['ffmpeg'] & { readonly sandbox: Sandbox | null };
};

/** Of the system, as far as it is there: what programs are made of, and whom to trust. Not /etc as a whole. */
const systemFolders = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/opt', '/nix/store'],
  ...['alternatives', 'ca-certificates', 'ld.so.cache', 'localtime', 'pki', 'ssl'].map(
    (name) => `/etc/${name}`,
  ),
];

/** With .env, and what is installed of us. */
const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const world: Sandbox = [
  // All there are, the network's included; whoever needs the network asks for it.
  ...['--unshare-all', '--hostname', 'sandbox', '--cap-drop', 'ALL'],
  // With Node, or with the process that runs() signals, everything in there dies.
  '--die-with-parent',
  ...['--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
  ...systemFolders.flatMap((path) => ['--ro-bind-try', path, path]),
];

/** The options that give a sandbox its work folder; the tool and its arguments follow. */
export function within(sandbox: Sandbox, folder: string): readonly string[] {
  return [...sandbox, '--bind', folder, folder, '--chdir', folder, '--'];
}

/**
 * Tries every tool in a sandbox of its own. `refusal` says in a sentence why there is none: no bubblewrap, a
 * system that does not let it make namespaces (most containers), or a tool that needs more than it would see.
 */
export async function confineTools(
  tools: Tools,
  { environment, dataFolder }: { environment: HostEnvironment; dataFolder: string },
): Promise<{ readonly tools: ConfinedTools; readonly refusal: string | null }> {
  const { ytdlp, ffmpeg } = tools;
  const without = (refusal: string) => ({
    refusal,
    tools: { ytdlp: { ...ytdlp, sandbox: null }, ffmpeg: { ...ffmpeg, sandbox: null } },
  });
  const bwrap = await findBwrap(environment['PATH'] ?? '');
  if (bwrap === null) return without('bubblewrap is not installed');

  // Ours may lie among the system's: /opt/tapedeck, /usr/src/app.
  const ours = await Promise.all(
    [projectFolder, dataFolder].map((path) => realpath(path).catch(() => '')),
  );
  const hidden = ours.filter(isOfSystem);
  const covers = hidden.flatMap((path) => ['--tmpfs', path]);
  const isSeen = (path: string) => isOfSystem(path) && !hidden.some((each) => isIn(path, each));
  const [forYtdlp, forFfmpeg] = await Promise.all([
    pathsOf([ytdlp.path, ...(ytdlp.jsRuntime === null ? [] : [ytdlp.jsRuntime])], isSeen),
    pathsOf([ffmpeg.path, ffmpeg.ffprobePath], isSeen),
  ]);
  const readable = (paths: readonly string[]) => paths.flatMap((path) => ['--ro-bind', path, path]);
  // Its only way out is the egress guard, on loopback.
  const online = [
    bwrap,
    ...world,
    ...covers,
    '--share-net',
    ...readable([...forYtdlp, ...trusted(environment)]),
  ];
  const offline = [bwrap, ...world, ...covers, ...readable(forFfmpeg)];
  // They are handed on by way of a variable, a line each.
  if ([...online, ...offline].some((text) => text.includes('\n'))) {
    return without('a path of a tool holds a line break');
  }
  const trials = [
    [online, ytdlp.path, '--version'],
    [offline, ffmpeg.path, '-version'],
    [offline, ffmpeg.ffprobePath, '-version'],
  ] as const;
  const faults = await Promise.all(
    trials.map(async ([[program = '', ...options], tool, question]) => {
      const args = [
        ...options,
        '--',
        tool,
        ...(tool === ytdlp.path ? ['--ignore-config'] : []),
        question,
      ];
      const answer = await askTool(program, args, environment['PATH'] ?? '');
      return answer === null ? [tool] : [];
    }),
  );
  const [fault] = faults.flat();
  if (fault !== undefined) return without(`${fault} does not run in one on this system`);
  return {
    refusal: null,
    tools: { ytdlp: { ...ytdlp, sandbox: online }, ffmpeg: { ...ffmpeg, sandbox: offline } },
  };
}

async function findBwrap(searchPath: string): Promise<string | null> {
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, 'bwrap');
    if (folder !== '' && (await exists(path))) return path;
  }
  return null;
}

/** The folders that programs need and that are not seen anyway: their own, and a virtual environment's. */
async function pathsOf(
  programs: readonly string[],
  isSeen: (path: string) => boolean,
): Promise<string[]> {
  const folders = new Set<string>();
  for (const program of programs) {
    for (const path of [program, await realpath(program)]) {
      folders.add(dirname(path));
      const environment = dirname(dirname(path));
      const settings = await readFile(join(environment, 'pyvenv.cfg'), 'utf8').catch(() => null);
      if (settings === null) continue;
      folders.add(environment);
      const [, home] = /^home\s*=\s*(.+)$/m.exec(settings) ?? [];
      // With its library beside `bin`.
      if (home !== undefined) folders.add(dirname(await realpath(home).catch(() => home)));
    }
  }
  return [...folders].filter((folder) => !isSeen(folder));
}

function isOfSystem(folder: string): boolean {
  return systemFolders.some((each) => isIn(folder, each));
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function trusted(environment: HostEnvironment): string[] {
  if (!choosesCertificates(environment)) return [];
  return [environment['SSL_CERT_FILE'], environment['SSL_CERT_DIR']].flatMap((path) => path || []);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
