// Secrets that are mounted as files. It does not judge what is in them.

import { readFileSync } from 'node:fs';

/** DATABASE_URL_FILE names the file with the value of DATABASE_URL, and so on. */
const secretSettings = [
  'DATABASE_URL',
  'SESSION_SECRET',
  'API_DATABASE_PASSWORD',
  'WORKER_DATABASE_PASSWORD',
];

/** The settings with what the files hold; the faults are sentences without any of it. */
export function readSecretFiles(given: Readonly<Record<string, string | undefined>>): {
  given: Record<string, string | undefined>;
  faults: string[];
} {
  const values = { ...given };
  const faults: string[] = [];
  for (const name of secretSettings) {
    const file = given[`${name}_FILE`];
    if (file === undefined) continue;
    if (given[name] !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set; keep one of them.`);
      continue;
    }
    try {
      values[name] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      faults.push(`${name}_FILE names a file that cannot be read (${code}).`);
    }
  }
  return { given: values, faults };
}
