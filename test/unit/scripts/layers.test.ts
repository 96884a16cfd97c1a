import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findLayerFaults } from '../../../scripts/check/layers.ts';
import { findGeneratorSources } from '../../../scripts/check/streams.ts';

const sources: Readonly<Record<string, string>> = {
  'src/domain/job.ts': `import type { Config } from '../config.ts';\nexport type Job = Config;`,
  'src/config.ts': `export type Config = { port: number };\nexport const config: Config = { port: 1 };`,
  'src/db/pool.ts': `import pg from 'pg';\nimport type { Job } from '../domain/job.ts';\nexport const x = [pg] as Job[];`,
  'src/http/files.ts': `import type { Config } from '../config.ts';\nexport type { Job } from '../db/pool.ts';\nexport type C = Config;`,
  'src/http/page.ts': `import { config } from '../config.ts';\nexport const load = () => import('../tasks/convert.ts');\nexport { config };`,
  'src/http/any.ts': `export const load = (name: string) => import(name);`,
  'src/tasks/convert.ts': `import { spawn } from 'node:child_process';\nawait using stack = new AsyncDisposableStack();\nexport { spawn, stack };`,
  'src/services/watchJob.ts': `export async function* watch() {\n  yield 1;\n}`,
  'src/services/list.ts': `export async function* list() {\n  yield 1;\n}\nexport const x: import('../db/pool.ts').X = 1;`,
  'src/worker.ts': `import type { App } from './app.ts';\nexport { startApp } from './app.ts';\nexport type W = App;`,
  'src/odd.ts': `export { config } from './config.ts';`,
};
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'layers-'));
  for (const [file, source] of Object.entries(sources)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), source);
  }
});
afterAll(() => rm(root, { recursive: true }));

describe('the layer check', () => {
  test('names every planted import that goes up, sideways or round a holder, and no other', async () => {
    const { faults, seen } = await findLayerFaults(root, Object.keys(sources));
    expect(seen).toBe('11 modules, 11 imports');
    // The list of what is allowed is the table's own affair.
    expect(faults.map((fault) => fault.replace(/, only .*/, '.'))).toEqual([
      'src/domain/job.ts:1: domain may not import src/config.ts.',
      'src/http/any.ts:1: name the module, so that the import can be judged.',
      'src/http/files.ts:2: http may not import src/db/pool.ts.',
      'src/http/page.ts:1: http may not import src/config.ts.',
      'src/http/page.ts:2: http may not import src/tasks/convert.ts.',
      'src/odd.ts:1: odd is no layer; add it to the table in scripts/check/layers.ts.',
      'src/tasks/convert.ts:1: only src/media/launch.ts, src/media/tools.ts, src/db/embedded/ may import node:child_process.',
      'src/worker.ts:2: worker may not import src/app.ts.',
    ]);
  });

  test('fails when the compiler reads a module that it did not see, or none at all', async () => {
    const some = await findLayerFaults(root, ['src/config.ts', 'src/ghost.ts']);
    expect(some.faults).toContain('src/ghost.ts: the compiler reads it, this check did not.');
    const none = await findLayerFaults(root, []);
    expect(none.faults).toContain('The compiler lists no module under src.');
  });
});

test('an async generator is found where subscriptions get their streams, and only there', async () => {
  const { faults } = await findGeneratorSources(root);
  expect(faults).toEqual([
    'src/services/watchJob.ts:1: an async generator cannot be left while it waits; use a Repeater.',
  ]);
});
