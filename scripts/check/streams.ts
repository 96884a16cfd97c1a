// No async generators where subscriptions get their streams. `return()` on one that awaits an event
// queues behind that event, so a client that leaves would leak its listener: use a Repeater.
// https://github.com/mercurius-js/mercurius/issues/1120 is such a leak, in a filter.
import { glob, readFile } from 'node:fs/promises';
import { parseSync, Visitor, type Function as FunctionNode } from 'oxc-parser';

const places = [
  'src/services/watch*',
  'src/services/watch*/**/*.ts',
  'src/resolvers/**/*.ts',
  'src/http/**/*.ts',
];

/** Every async generator in those places, one sentence each. */
export async function findGeneratorSources(
  root: string,
): Promise<{ faults: string[]; seen: string }> {
  const files = (await Array.fromAsync(glob(places, { cwd: root }))).filter((f) =>
    f.endsWith('.ts'),
  );
  const faults: string[] = [];
  for (const file of files) {
    const source = await readFile(`${root}/${file}`, 'utf8');
    const check = (node: FunctionNode) => {
      if (!node.async || !node.generator) return;
      const line = source.slice(0, node.start).split('\n').length;
      faults.push(
        `${file}:${line}: an async generator cannot be left while it waits; use a Repeater.`,
      );
    };
    new Visitor({ FunctionDeclaration: check, FunctionExpression: check }).visit(
      parseSync(file, source).program,
    );
  }
  return { faults, seen: `${files.length} modules` };
}
