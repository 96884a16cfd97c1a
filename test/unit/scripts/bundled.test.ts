import { expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { findBundled } from '../../../scripts/check/bundled.ts';
import { listDependencies } from '../../../scripts/check/dependencies.ts';
import { root } from '../../../scripts/check/tool.ts';
import { openFolder } from '../../support/folder.ts';

test('the pages carry what they import and all below it, the nearest of each name', async () => {
  await using folder = await openFolder();
  await mkdir(folder.file('web/page/state'), { recursive: true });
  await writeFile(
    folder.file('web/page/state/main.ts'),
    `import { h } from 'view/hooks';\nimport '@scope/style/style.css';\nimport './own.ts';\nimport { x } from 'node:path';\n`,
  );
  await writeFile(folder.file('web/page/vite.config.ts'), `import { build } from 'bundler';\n`);
  const packages = {
    'node_modules/view': { dependencies: { shared: '^2' }, peerDependencies: { absent: '*' } },
    'node_modules/view/node_modules/shared': { dependencies: { below: '*' } },
    'node_modules/shared': {},
    'node_modules/below': { dependencies: { view: '*' } },
    'node_modules/@scope/style': {},
    'node_modules/bundler': {},
  };
  expect(await findBundled(folder.path, packages)).toEqual(
    new Set([
      ...['node_modules/view', 'node_modules/view/node_modules/shared', 'node_modules/below'],
      'node_modules/@scope/style',
    ]),
  );
});

test('what runs here, what the pages carry and what only builds are told apart', async () => {
  const uses = new Map((await listDependencies(root)).map(({ name, use }) => [name, use]));
  expect([uses.get('fastify'), uses.get('preact'), uses.get('monaco-editor')]).toEqual([
    ...['production', 'pages', 'pages'],
  ]);
  expect([uses.get('vite'), uses.get('jest')]).toEqual(['development', 'development']);
});
