// `npm run fuzz`: looks for a link or a document that breaks a promise, for as long as it is told to.
// `npm run fuzz -- --runs 1000000 --seed 7`; the seed of a run that failed makes it fail again.
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { documents, slowest } from '../test/security/fuzz/documents.ts';
import { privateAddresses, urls } from '../test/security/fuzz/urls.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '50000' }, seed: { type: 'string' } },
});
const numRuns = Number(values.runs);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const properties = { urls, 'private addresses': privateAddresses, documents };

console.log(`seed ${seed}, ${numRuns} runs each`);
let faults = 0;
for (const [name, property] of Object.entries(properties)) {
  const startedAt = performance.now();
  const details = fc.check(property as fc.IProperty<unknown[]>, { numRuns, seed });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  if (details.failed) faults += 1;
  const outcome = details.failed ? `FAIL ${fc.defaultReportMessage(details)}` : 'ok';
  console.log(`${name}: ${details.numRuns} in ${seconds} s, ${outcome}`);
}
console.log(`The slowest document took ${slowest.ms.toFixed(1)} ms: ${slowest.text.slice(0, 200)}`);
process.exitCode = faults === 0 ? 0 : 1;
