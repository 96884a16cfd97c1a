// `npm run test:reliability`: every reliability test at full scale but the soak, which wants the machine for itself, then
// their figures as a table in Markdown. With names of tests it runs those alone; with `--write` their rows in
// docs/reliability.md become what was measured.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Figure } from '../test/support/figures.ts';

const root = resolve(import.meta.dirname, '..');
const document = join(root, 'docs/reliability.md');
const marks = /(<!-- figures -->\n)[^]*(<!-- end of figures -->)/u;

const mustWrite = process.argv.includes('--write');
const names = process.argv.slice(2).filter((argument) => argument !== '--write');
const folder = mkdtempSync(join(tmpdir(), 'tapedeck-figures-'));
const file = join(folder, 'figures.jsonl');
writeFileSync(file, '');

const startedAt = performance.now();
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...['--selectProjects', 'reliability'],
    ...(names.length > 0 ? ['--testPathPatterns', ...names] : ['--testPathIgnorePatterns', 'soak']),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, RELIABILITY: 'full', RELIABILITY_FIGURES: file },
  },
);
const minutes = (performance.now() - startedAt) / 60_000;
const figures = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Figure & { test: string });
rmSync(folder, { recursive: true });

const head = [
  '| demand | target | measured | `npm run test:reliability --` |',
  '|---|---|---|---|',
];
const rows = figures.map(
  (each) => `| ${each.demand} | ${each.target} | ${each.measured} | ${each.test} |`,
);
const machine = `Measured on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}.`;
console.log(
  `\n${[...head, ...rows, '', machine].join('\n')} It took ${minutes.toFixed(0)} minutes.`,
);
if (mustWrite) {
  const text = readFileSync(document, 'utf8');
  const found = marks.exec(text);
  if (found === null) throw new Error(`${document} has no place for the figures`);
  const measured = new Set(figures.map(({ test }) => test));
  const kept = found[0]
    .split('\n')
    .filter((line) => line.startsWith('| ') && !head.includes(line))
    .filter((line) => !measured.has(line.split(' | ').at(-1)?.replace(/ \|$/u, '') ?? ''));
  const table = `${[...head, ...kept, ...rows, '', machine].join('\n')}\n`;
  writeFileSync(
    document,
    text.replace(marks, (_, begin: string, end: string) => begin + table + end),
  );
}
process.exitCode = status ?? 1;
