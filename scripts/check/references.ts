// What the documents point to is there: links to files and headings, and paths named in `code`.
// Addresses on the network are not looked at: a check must not fail because a site is down.
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const documents = ['*.md', '{docs,test,sql,bench,.github}/**/*.md'];
const link = /\]\((?<target>[^)\s]+)\)/gu;
const path = /`(?<target>(?:src|test|sql|scripts|docs|web|bench)\/[\w./-]*\w\/?)`/gu;

/** Every reference into nothing, one sentence each. */
export async function findBrokenReferences(
  root: string,
): Promise<{ faults: string[]; seen: string }> {
  const files = await Array.fromAsync(glob(documents, { cwd: root }));
  const texts = new Map(
    await Promise.all(
      files.map(async (file) => [file, await readFile(join(root, file), 'utf8')] as const),
    ),
  );
  let count = 0;
  const faults = [...texts].flatMap(([file, text]) => {
    const targets = [
      ...[...text.matchAll(link)].map((match) => ({ match, base: dirname(file) })),
      ...[...text.matchAll(path)].map((match) => ({ match, base: '.' })),
    ];
    return targets.flatMap(({ match, base }) => {
      const target = match.groups?.['target'] ?? '';
      if (/^[a-z]+:/u.test(target)) return [];
      count += 1;
      const [name = '', heading] = target.split('#');
      const aim = name === '' ? file : join(base, name);
      const isThere =
        existsSync(join(root, aim)) &&
        (heading === undefined || headingsOf(texts.get(aim) ?? '').includes(heading));
      const line = text.slice(0, match.index).split('\n').length;
      return isThere ? [] : `${file}:${line}: ${target} does not exist.`;
    });
  });
  return { faults, seen: `${files.length} documents, ${count} references` };
}

/** The headings of a document as the anchors that GitHub makes of them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (?<title>.+)$/gmu)].map((match) =>
    (match.groups?.['title'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
