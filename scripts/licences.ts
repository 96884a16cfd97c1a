// `npm run licences`: every package that we stand on, by licence; first what runs in production, here and in browsers.
import { listDependencies } from './check/dependencies.ts';
import { root } from './check/tool.ts';

const dependencies = await listDependencies(root);
const parts = {
  'In production': 'production',
  'In the pages': 'pages',
  'For development only': 'development',
};
for (const [title, use] of Object.entries(parts)) {
  const chosen = dependencies.filter((each) => each.use === use);
  const byLicence = Object.groupBy(chosen, ({ licence }) => licence ?? 'of another platform');
  console.log(`${title}: ${chosen.length} packages\n`);
  for (const [licence, packages = []] of Object.entries(byLicence).toSorted(([a], [b]) =>
    a.localeCompare(b),
  )) {
    const names = new Set(packages.map(({ name, version }) => `${name}@${version}`));
    console.log(`${licence} (${names.size})\n  ${[...names].toSorted().join('\n  ')}\n`);
  }
}
