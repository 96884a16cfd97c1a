// Flask + Celery + Redis, run for real when the machine has them: on Debian, python3-flask, python3-celery,
// python3-redis, gunicorn and redis-server. The set-up never installs them.

import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Folder } from '../../test/support/folder.ts';

const run = promisify(execFile);
// Debian's packages belong to Debian's Python, whatever else is on PATH.
const python = '/usr/bin/python3';
const appFolder = fileURLToPath(new URL('.', import.meta.url));

export type FlaskPeer = AsyncDisposable & {
  readonly url: string;
  readonly versions: string;
  /** Of gunicorn and Redis. */
  readonly pids: readonly number[];
};

/** Null when the machine does not have it. */
export async function startFlaskPeer(folder: Folder): Promise<FlaskPeer | null> {
  const versions = await readVersions();
  if (versions === null) return null;
  await using stack = new AsyncDisposableStack();
  const socket = folder.file('redis.sock');
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stack.defer(() => end(redis));
  await lineOf(redis.stdout, /Ready to accept connections/i);
  const gunicorn = spawn(
    python,
    [
      ...['-m', 'gunicorn', '--bind', '127.0.0.1:0', '--chdir', appFolder],
      // As many workers as cores; with threads, since only those keep a connection alive.
      ...['--workers', '2', '--threads', '8', '--worker-class', 'gthread', 'submit:app'],
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        PEER_BROKER: `redis+socket://${socket}`,
        PYTHONDONTWRITEBYTECODE: '1',
      },
    },
  );
  stack.defer(() => end(gunicorn));
  const [, url = ''] = await lineOf(gunicorn.stderr, /Listening at: (\S+)/);
  const resources = stack.move();
  const pids = [redis.pid ?? 0, gunicorn.pid ?? 0];
  return { url, versions, pids, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function readVersions(): Promise<string | null> {
  const code =
    'import flask, celery, redis, gunicorn; print("Flask", flask.__version__, "Celery", celery.__version__, "gunicorn", gunicorn.__version__)';
  try {
    const [packages, redis] = await Promise.all([
      run(python, ['-W', 'ignore', '-c', code]),
      run('redis-server', ['--version']),
    ]);
    return `${packages.stdout.trim()} Redis ${/v=(\S+)/.exec(redis.stdout)?.[1] ?? ''}`;
  } catch {
    return null;
  }
}

async function lineOf(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<RegExpExecArray> {
  for await (const line of createInterface({ input: stream })) {
    const found = pattern.exec(line);
    if (found === null) continue;
    // Whoever stops reading would block the writer.
    stream.resume();
    return found;
  }
  throw new Error(`the peer ended before it said ${pattern}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
