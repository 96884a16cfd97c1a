// `npm run bench`: what Tapedeck costs against the best that people use instead, side by side in one run. Ratios are
// the point, for machines differ and are noisy. It gates no test. `npm run bench -- conversion` runs one part.

import { conversion } from './conversion/part.ts';
import { twenty } from './conversion/twenty.ts';
import { database } from './database/part.ts';
import { describeSurroundings, saveReport, toLine, toMarkdown } from './report.ts';
import type { BenchPart, Row } from './rows.ts';

const parts: readonly BenchPart[] = [conversion, twenty, database];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(', ')}; there are: ${parts.map(nameOf).join(', ')}.`,
  );
  process.exit(2);
}
const chosen = names.length === 0 ? parts : parts.filter((part) => names.includes(part.name));

await using stack = new AsyncDisposableStack();
const surroundings = await describeSurroundings();
const rows: Row[] = [];
const say = (sentence: string) => console.error(`  ${sentence}`);
for (const part of chosen) {
  console.error(part.name);
  for await (const row of part.run({ stack, say })) {
    rows.push(row);
    say(toLine(row));
  }
}
console.log(toMarkdown(rows, surroundings));
const name = names.length === 0 ? 'latest' : chosen.map(nameOf).join('-');
for (const path of await saveReport(name, rows, surroundings)) console.error(path);

function nameOf(part: BenchPart): string {
  return part.name;
}
