import { createRequire } from 'node:module';

import { describe, expect, test } from '@jest/globals';

import { downloadFlags } from '../../../src/media/ytdlpFlags.ts';

// What youtube-dl-exec makes of flags; its types do not tell of it.
const { args } = createRequire(import.meta.url)('youtube-dl-exec') as {
  args: (flags: object) => string[];
};

const old = { path: '/usr/bin/yt-dlp', version: '2023.03.04', jsRuntime: null };
const recent = { path: '/usr/bin/yt-dlp', version: '2026.10.26', jsRuntime: '/opt/node' };

function commandLine(changes: Partial<Parameters<typeof downloadFlags>[0]> = {}): string[] {
  const plain = {
    ytdlp: recent,
    extractors: 'youtube',
    wantCover: true,
    ownCertificates: false,
  } as const;
  return args(downloadFlags({ ...plain, ...changes }));
}

/** What follows a flag, each time that it is there. */
function valuesOf(line: readonly string[], flag: string): string[] {
  return line.flatMap((each, index) => (each === flag ? [line[index + 1] ?? ''] : []));
}

test('no configuration file is read, and that is said first', () => {
  expect(commandLine()[0]).toBe('--ignore-config');
});

test('youtube-dl-exec mangles none of the flags', () => {
  const line = commandLine({ ownCertificates: true });
  expect(line).not.toContain('');
  expect(line.filter((each) => /^--no-no-|^-\w$|undefined|false/.test(each))).toEqual([]);
});

test('nothing that runs a command or writes outside is ever passed', () => {
  const flags = commandLine().filter((each) => each.startsWith('--') && each !== '--batch-file');
  const dangerous =
    /exec|netrc|downloader|file-urls|write-link|cookies|plugin|batch|load-info|config-loc/;
  expect(flags.filter((flag) => dangerous.test(flag))).toEqual([]);
});

test('the address comes from stdin, and from no file', () => {
  expect(valuesOf(commandLine(), '--batch-file')).toEqual(['-']);
});

test('a YouTube job asks only the YouTube extractor, which makes no request for other sites', () => {
  expect(valuesOf(commandLine(), '--use-extractors')).toEqual(['youtube']);
  expect(commandLine({ extractors: 'any' })).not.toContain('--use-extractors');
});

test('the names of files come from us alone', () => {
  expect(valuesOf(commandLine(), '--output')).toEqual(['source', 'thumbnail:cover']);
});

test('a thumbnail is fetched only when wanted', () => {
  expect(commandLine()).toContain('--write-thumbnail');
  expect(commandLine({ wantCover: false })).not.toContain('--write-thumbnail');
});

test('certifi is left aside when the operator chose certificates', () => {
  expect(valuesOf(commandLine({ ownCertificates: true }), '--compat-options')).toEqual([
    'no-certifi',
  ]);
  expect(commandLine()).not.toContain('--compat-options');
});

describe('an option is used only by versions that know it', () => {
  test.each([
    ['--progress-delta', old, false],
    ['--progress-delta', { ...old, version: '2024.04.09' }, true],
    ['--progress-delta', { ...old, version: '2026.10.26.232812' }, true],
    ['--js-runtimes', old, false],
    ['--js-runtimes', recent, true],
  ])('%s with %j: %p', (flag, ytdlp, isThere) => {
    expect(commandLine({ ytdlp }).includes(flag)).toBe(isThere);
  });

  test('the JavaScript runtime is our Node', () => {
    expect(valuesOf(commandLine(), '--js-runtimes')).toEqual(['node:/opt/node']);
  });
});
