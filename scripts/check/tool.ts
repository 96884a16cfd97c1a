// Runs one of the development tools and keeps what it said. It knows nothing of what they check.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** The repository's top folder. */
export const root = resolve(import.meta.dirname, '../..');

/** Runs a program of node_modules/.bin; never throws for a bad exit. `output` is stdout and stderr as they came. */
export async function runTool(
  name: string,
  parameters: readonly string[],
): Promise<{ exitCode: number | null; output: string }> {
  const binaries = `${root}/node_modules/.bin`;
  return await new Promise((settle, reject) => {
    const child = spawn(`${binaries}/${name}`, parameters, {
      cwd: root,
      // The tools start with `env node`, which has to be ours and not the host's.
      env: { ...process.env, PATH: `${binaries}:${process.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    child.once('error', reject);
    child.once('close', (exitCode) => settle({ exitCode, output: output.trim() }));
  });
}
