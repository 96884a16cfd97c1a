// Recorded words of yt-dlp, one text file a case and version in test/fixtures/ytdlp: for tests that judge
// tool output without running the tool. record.ts beside the files makes them.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { YtDlpResult } from './ytdlp.ts';

/** Of the product's lines only the last of each kind is kept; paths of the recording machine are not. */
export type Sample = YtDlpResult & { readonly name: string; readonly version: string };

const folder = new URL('../fixtures/ytdlp/', import.meta.url);
const divider = (stream: string): string => `---- ${stream}\n`;

/** The file of a sample. */
export const samplePath = (name: string, version: string): string =>
  fileURLToPath(new URL(`${name}@${version}.txt`, folder));

/** Every recorded sample, by name and version. */
export function readSamples(): Sample[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .toSorted()
    .map((file) => {
      const [name = '', version = ''] = file.slice(0, -'.txt'.length).split('@');
      return { name, version, ...parse(readFileSync(new URL(file, folder), 'utf8')) };
    });
}

function parse(text: string): YtDlpResult {
  const [head = '', rest = ''] = text.split(divider('stdout'));
  const [stdout = '', stderr = ''] = rest.split(divider('stderr'));
  return { exitCode: Number(head.replace('exit ', '')), stdout, stderr };
}

/** The text of a sample's file. */
export function formatSample({ exitCode, stdout, stderr }: YtDlpResult): string {
  return `exit ${exitCode}\n${divider('stdout')}${stdout}${divider('stderr')}${stderr}`;
}
