// What a first visit of the page costs: all scripts that its HTML asks for, as they travel. The GraphiQL
// explorer is a page of its own, and chunks that are fetched later cost their own visit.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const firstLoadBytes = 70_000;
const folder = 'web/dist/page';
const script = /<(?:script|link rel="modulepreload")[^>]*\s(?:src|href)="(?<path>[^"]+\.js)"/gu;

/** One sentence when it is too much, or when there is nothing to weigh. */
export async function findBudgetFaults(root: string): Promise<{ faults: string[]; seen: string }> {
  const page = await readFile(`${root}/${folder}/index.html`, 'utf8').catch(() => '');
  const paths = [...page.matchAll(script)].map((match) => match.groups?.['path'] ?? '');
  if (paths.length === 0) {
    return {
      faults: [`${folder} holds no page with scripts: run npm run setup.`],
      seen: 'nothing',
    };
  }
  const sizes = await Promise.all(
    paths.map(async (path) => gzipSync(await readFile(`${root}/${folder}${path}`)).length),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const seen = `${paths.length} scripts, ${bytes} of ${firstLoadBytes} bytes gzipped`;
  const faults =
    bytes > firstLoadBytes ? [`The first load is too heavy: ${seen}; load something later.`] : [];
  return { faults, seen };
}
