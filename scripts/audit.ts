// `npm run audit`: asks the registry for advisories about what we stand on. Each has to be mended, or lived with for
// a reason and a while in scripts/dependencies.json.
import { spawnSync } from 'node:child_process';
import { readDecisions } from './check/dependencies.ts';
import { root } from './check/tool.ts';

/** What `npm audit --json` answers, as far as it is read. */
type Report = {
  readonly message?: string;
  readonly vulnerabilities?: Readonly<
    Record<
      string,
      {
        readonly via: readonly (
          string | { readonly url: string; readonly title: string; readonly severity: string }
        )[];
      }
    >
  >;
};

const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: root, encoding: 'utf8' });
const report = JSON.parse(stdout || '{}') as Report;
if (report.vulnerabilities === undefined) {
  console.error(
    `The registry gives no advisories (${report.message ?? 'no answer'}): nothing is known.`,
  );
  process.exit(2);
}
const { advisories } = await readDecisions(root);
const found = Object.entries(report.vulnerabilities).flatMap(([name, { via }]) =>
  via.flatMap((each) =>
    typeof each === 'string' ? [] : [{ ...each, name, id: each.url.split('/').at(-1) ?? '' }],
  ),
);
const open = found.filter(({ id }) => !advisories.some((each) => each.id === id));
const over = advisories.filter((each) => !found.some(({ id }) => id === each.id));
for (const { name, id, severity, title } of open)
  console.error(`${name}: ${id} (${severity}) ${title}`);
for (const { id } of over) console.error(`scripts/dependencies.json: ${id} is over; take it out.`);
console.log(`${found.length} advisories, ${found.length - open.length} of them lived with.`);
process.exitCode = open.length + over.length === 0 ? 0 : 1;
