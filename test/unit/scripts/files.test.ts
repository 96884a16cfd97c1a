import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findMissingOptionals } from '../../../scripts/completeLock.ts';
import { findBrokenReferences } from '../../../scripts/check/references.ts';
import { findMigrationFaults } from '../../../scripts/check/migrations.ts';
import { findVersionFaults } from '../../../scripts/check/versions.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'check-'));
});
afterEach(() => rm(root, { recursive: true }));

async function plant(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
}

const sumOf = (text: string) => createHash('sha256').update(text).digest('hex');

test('a link, a heading or a path in a document that leads nowhere is named with its line', async () => {
  await plant({
    'README.md': [
      '# What it is',
      '[good](docs/a.md#how-it-works-2), [good](#what-it-is), [good](https://example.org/gone)',
      '[bad](docs/b.md), [bad](docs/a.md#why), `src/good.ts`',
      'see `src/gone.ts`',
    ].join('\n'),
    'docs/a.md': '## How it works, 2!\n[good](../README.md)',
    'src/good.ts': '',
  });
  const { faults, seen } = await findBrokenReferences(root);
  expect(faults).toEqual([
    'README.md:3: docs/b.md does not exist.',
    'README.md:3: docs/a.md#why does not exist.',
    'README.md:4: src/gone.ts does not exist.',
  ]);
  expect(seen).toBe('2 documents, 7 references');
});

test('a gap in the numbers of the migrations is named', async () => {
  await plant({ 'sql/0001_jobs.sql': '', 'sql/0003_more.sql': '', 'sql/schema.sql': '' });
  const { faults, seen } = await findMigrationFaults(root);
  expect(faults).toEqual(['sql/0003_more.sql: expected 0002_<what_it_does>.sql at this place.']);
  expect(seen).toBe('2 migrations, 0 released');
});

test('a released migration may neither change nor go', async () => {
  await plant({
    'sql/0001_jobs.sql': 'select 1;',
    'sql/0002_more.sql': 'select 2; -- edited',
    'sql/released.sha256': ['0001_jobs', '0002_more', '0003_gone']
      .map((name, index) => `${sumOf(`select ${index + 1};`)}  ${name}.sql\n`)
      .join(''),
  });
  const { faults } = await findMigrationFaults(root);
  expect(faults).toEqual([
    'sql/0002_more.sql: it is released and was edited since; undo that and add a migration.',
    'sql/0003_gone.sql: it is released, so it has to stay.',
  ]);
});

test('an open version, a host, a gap in the lock file and a second Node are named', async () => {
  await plant({
    'package.json': JSON.stringify({
      dependencies: { fine: '1.2.3-beta.4', node: '24.1.0' },
      devDependencies: { open: '^1.2.3' },
    }),
    'package-lock.json': JSON.stringify(
      {
        packages: {
          'node_modules/fine': {
            resolved: 'https://registry.example.org/fine.tgz',
            optionalDependencies: { '@fine/linux-x64': '1.0.0', '@fine/darwin-arm64': '1.0.0' },
          },
          'node_modules/fine/node_modules/@fine/linux-x64': {},
        },
      },
      null,
      2,
    ),
    '.node-version': '24.1.0\n',
    Dockerfile: 'ARG NODE_VERSION=24.0.0\n',
  });
  const { faults } = await findVersionFaults(root);
  expect(faults).toEqual([
    'package.json: open is "^1.2.3"; name one exact version.',
    'package-lock.json: https://registry.example.org/fine.tgz names a host; leave it out.',
    'package-lock.json: node_modules/@fine/darwin-arm64 is missing; run node scripts/completeLock.ts.',
    'Dockerfile: Node is 24.0.0 there and 24.1.0 in package.json.',
  ]);
});

test('a gap in the lock file is filled with the platform that the name tells', () => {
  const lock = {
    packages: {
      'node_modules/tool': {
        dev: true,
        optionalDependencies: { '@tool/binding-linux-arm64-musl': '2.0.0' },
      },
    },
  };
  expect(findMissingOptionals(lock)).toEqual({
    'node_modules/@tool/binding-linux-arm64-musl': {
      version: '2.0.0',
      cpu: ['arm64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    },
  });
});
