// Reads the modules of a folder and what each of them imports. It judges nothing.
import { glob, readFile } from 'node:fs/promises';
import { parseSync } from 'oxc-parser';

/** One import, export-from or dynamic import. */
export type Import = {
  readonly specifier: string;
  readonly line: number;
  /** True when nothing of it is left at run time. */
  readonly isType: boolean;
};
export type Module = {
  /** Relative to the repository's top folder. */
  readonly file: string;
  readonly imports: readonly Import[];
  /** The lines of dynamic imports whose module is known at run time only. */
  readonly computed: readonly number[];
  /** What could not be parsed, one sentence each. */
  readonly faults: readonly string[];
};

/** Every TypeScript module under `<root>/<folder>`, in the order of their names. */
export async function readModules(root: string, folder: string): Promise<Module[]> {
  const files = await Array.fromAsync(glob(`${folder}/**/*.ts`, { cwd: root }));
  return await Promise.all(files.toSorted().map((file) => readModule(root, file)));
}

async function readModule(root: string, file: string): Promise<Module> {
  const source = await readFile(`${root}/${file}`, 'utf8');
  const { module, errors } = parseSync(file, source);
  const lineOf = (offset: number) => source.slice(0, offset).split('\n').length;

  const fixed = [
    ...module.staticImports.map(({ moduleRequest, entries, start }) => ({
      specifier: moduleRequest.value,
      line: lineOf(start),
      isType: entries.length > 0 && entries.every((entry) => entry.isType),
    })),
    ...module.staticExports
      // An import that is exported again shows up here too, with the place of the import.
      .filter(({ start }) => !module.staticImports.some((imported) => imported.start === start))
      .map(({ entries, start }) => ({
        specifier: entries[0]?.moduleRequest?.value,
        line: lineOf(start),
        isType: entries.every((entry) => entry.isType),
      })),
  ];
  const dynamic = module.dynamicImports.map(({ moduleRequest, start }) => {
    const text = source.slice(moduleRequest.start, moduleRequest.end);
    const literal = /^(?<quote>['"`])(?<specifier>[^'"`$]+)\k<quote>$/u.exec(text);
    return { specifier: literal?.groups?.['specifier'], line: lineOf(start), isType: false };
  });
  return {
    file,
    imports: [...fixed, ...dynamic].flatMap(({ specifier, ...rest }) =>
      specifier === undefined ? [] : { specifier, ...rest },
    ),
    computed: dynamic.flatMap(({ specifier, line }) => (specifier === undefined ? line : [])),
    faults: errors.map((error) => `${file}: ${error.message}`),
  };
}
