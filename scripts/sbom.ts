// `npm run sbom`: a CycloneDX bill of materials of what runs, here and in browsers. npm knows the one, and takes what the
// pages carry for development; what is for development is left out.

import { spawnSync } from 'node:child_process';
import { listDependencies } from './check/dependencies.ts';
import { root } from './check/tool.ts';

type Part = { readonly name: string; readonly version: string };
type Bill = {
  components: (Part & { 'bom-ref': string })[];
  dependencies: { ref: string; dependsOn: string[] }[];
  metadata: { component: { 'bom-ref': string } };
};

const { error, status, stdout } = spawnSync(
  'npm',
  ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
if (error !== undefined) throw error;
if (status !== 0) process.exit(status ?? 1);

const used = new Set(
  (await listDependencies(root))
    .filter(({ use }) => use !== 'development')
    .map(({ name, version }) => `${name}@${version}`),
);
const bill = JSON.parse(stdout) as Bill;
bill.components = bill.components.filter(({ name, version }) => used.has(`${name}@${version}`));
const kept = new Set([
  bill.metadata.component['bom-ref'],
  ...bill.components.map((component) => component['bom-ref']),
]);
bill.dependencies = bill.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }));
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
