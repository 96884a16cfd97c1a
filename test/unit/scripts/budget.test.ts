import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBudgetFaults } from '../../../scripts/check/budget.ts';
import { openFolder } from '../../support/folder.ts';

/** A built page whose HTML asks for scripts of these sizes, which gzip cannot make smaller. */
async function weigh(...sizes: readonly number[]) {
  await using folder = await openFolder();
  const dist = join(folder.path, 'web/dist/page');
  await mkdir(join(dist, 'assets'), { recursive: true });
  const tags = sizes.map((_, index) =>
    index === 0
      ? `<script type="module" crossorigin src="/assets/0.js"></script>`
      : `<link rel="modulepreload" crossorigin href="/assets/${index}.js">`,
  );
  await writeFile(join(dist, 'index.html'), tags.join('\n'));
  for (const [index, size] of sizes.entries()) {
    await writeFile(join(dist, `assets/${index}.js`), randomBytes(size));
  }
  return await findBudgetFaults(folder.path);
}

test('scripts and preloaded modules count together', async () => {
  expect((await weigh(40_000, 29_000)).faults).toEqual([]);
  expect((await weigh(40_000, 31_000)).faults).toEqual([
    expect.stringMatching(/^The first load is too heavy: 2 scripts, 71\d{3} of 70000 bytes/),
  ]);
});

test('a page that was not built, or has no scripts, is a fault and not a light page', async () => {
  await using folder = await openFolder();
  expect((await findBudgetFaults(folder.path)).faults).toHaveLength(1);
  expect((await weigh()).faults).toHaveLength(1);
});
