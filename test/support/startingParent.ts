// A Node process that starts many tools at once, for tests that kill it meanwhile:
// `node startingParent.ts <work folder> <sandbox as JSON>`. It says when it begins.

import { childEnvironment } from '../../src/media/environment.ts';
import { withArguments } from '../../src/media/launch.ts';
import { run } from '../../src/media/process.ts';
import type { Sandbox } from '../../src/media/sandbox.ts';

const [folder = '', sandbox = 'null'] = process.argv.slice(2);
process.stdout.write('begins\n');
await Promise.all(
  Array.from({ length: 8 }, () =>
    run({
      tool: '/bin/sleep',
      sandbox: JSON.parse(sandbox) as Sandbox | null,
      start: withArguments(['60']),
      folder,
      environment: childEnvironment({ PATH: process.env['PATH'] }, folder),
      maxFileBytes: 0,
      timeoutMs: 60_000,
      signal: new AbortController().signal,
    }),
  ),
);
