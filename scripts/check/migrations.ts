// The migrations in sql/: numbered 0001, 0002, … without a gap, and never edited once released.
// sql/released.sha256 lists the released ones, in the form of sha256sum; a release adds its own.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** Every broken rule, one sentence each. */
export async function findMigrationFaults(
  root: string,
): Promise<{ faults: string[]; seen: string }> {
  const folder = `${root}/sql`;
  const files = (await readdir(folder)).filter((file) => /^\d/u.test(file)).toSorted();
  const faults = files.flatMap((file, index) => {
    const number = String(index + 1).padStart(4, '0');
    return new RegExp(`^${number}_[a-z0-9_]+\\.sql$`, 'u').test(file)
      ? []
      : `sql/${file}: expected ${number}_<what_it_does>.sql at this place.`;
  });

  const released = existsSync(`${folder}/released.sha256`)
    ? (await readFile(`${folder}/released.sha256`, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
    : [];
  for (const line of released) {
    const [expected, file] = line.split(/\s+\*?/u);
    if (file === undefined || !files.includes(file)) {
      faults.push(`sql/${file}: it is released, so it has to stay.`);
      continue;
    }
    const actual = createHash('sha256')
      .update(await readFile(`${folder}/${file}`))
      .digest('hex');
    if (actual !== expected) {
      faults.push(
        `sql/${file}: it is released and was edited since; undo that and add a migration.`,
      );
    }
  }
  return { faults, seen: `${files.length} migrations, ${released.length} released` };
}
