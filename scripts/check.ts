// `npm run check`: everything about the sources that a program can judge, one line of news a step.
// It runs no tests; `npm run check -- lint types` runs only the steps that are named.
import { availableParallelism } from 'node:os';
import { existsSync } from 'node:fs';
import { findBudgetFaults } from './check/budget.ts';
import { findDependencyFaults } from './check/dependencies.ts';
import { findBrokenReferences } from './check/references.ts';
import { findLayerFaults, listCompiledModules } from './check/layers.ts';
import { findMigrationFaults } from './check/migrations.ts';
import { root, runTool } from './check/tool.ts';
import { findGeneratorSources } from './check/streams.ts';
import { findVersionFaults } from './check/versions.ts';

/** What a step found: nothing to mend when `faults` is empty. */
type Finding = {
  /** For people, one fault a line; a tool's whole output when it failed. */
  readonly faults: readonly string[];
  /** What was looked at, so that "all is well" cannot mean "nothing was seen". */
  readonly seen?: string;
};
type Step = {
  readonly name: string;
  readonly repair?: string;
  readonly run: () => Promise<Finding>;
};

const steps: readonly Step[] = [
  {
    name: 'format',
    repair: 'npm run fix',
    run: tool('prettier', '--check', '--log-level=warn', '.'),
  },
  { name: 'lint', run: tool('oxlint') },
  { name: 'types', run: tool('tsc') },
  { name: 'schema', run: tool('eslint', 'src/schema') },
  { name: 'layers', run: async () => findLayerFaults(root, await listCompiledModules(root)) },
  { name: 'streams', run: () => findGeneratorSources(root) },
  { name: 'dead code', run: tool('knip', '--no-progress') },
  {
    name: 'generated types',
    repair: 'npm run generate',
    run: tool('graphql-codegen', '--config', 'codegen.ts', '--errors-only', '--check'),
  },
  { name: 'schema dump', repair: 'npm run generate', run: checkSchemaDump },
  { name: 'migrations', run: () => findMigrationFaults(root) },
  { name: 'versions', run: () => findVersionFaults(root) },
  { name: 'dependencies', run: () => findDependencyFaults(root) },
  { name: 'references', run: () => findBrokenReferences(root) },
  { name: 'page budget', repair: 'npm run setup', run: () => findBudgetFaults(root) },
];

function tool(name: string, ...parameters: readonly string[]): Step['run'] {
  return async () => {
    const { exitCode, output } = await runTool(name, parameters);
    return { faults: exitCode === 0 ? [] : [output] };
  };
}

async function checkSchemaDump(): Promise<Finding> {
  const program = 'scripts/schemaDump.ts';
  if (!existsSync(`${root}/${program}`)) return { faults: [], seen: 'no program for it yet' };
  const { exitCode, output } = await runTool('node', [program, '--check']);
  return { faults: exitCode === 0 ? [] : [output] };
}

/** Runs one step and prints its line; true when it found nothing to mend. */
async function runStep(step: Step): Promise<boolean> {
  const start = performance.now();
  const { faults, seen } = await step.run();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const isFine = faults.length === 0;
  const remark = [
    seen,
    isFine || step.repair === undefined ? undefined : `mend with: ${step.repair}`,
  ]
    .filter((part) => part !== undefined)
    .join('; ');
  console.log(
    `${isFine ? 'ok  ' : 'FAIL'} ${step.name.padEnd(15)} ${seconds.padStart(5)} s  ${remark}`,
  );
  for (const fault of faults) console.log(fault.replaceAll(/^/gmu, '       '));
  return isFine;
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => steps.every((step) => step.name !== name));
if (unknown.length > 0) {
  console.error(
    `No such step: ${unknown.join(', ')}. There are: ${steps.map((s) => s.name).join(', ')}.`,
  );
  process.exit(2);
}

const waiting = steps.filter((step) => names.length === 0 || names.includes(step.name));
let failures = 0;
// As many at once as there are processors; the slow ones stand first in the table.
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      if (!(await runStep(step))) failures += 1;
    }
  }),
);
if (failures > 0) console.error(`${failures} of the checks failed.`);
process.exitCode = failures === 0 ? 0 : 1;
