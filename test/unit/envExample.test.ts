import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { loadConfig } from '../../src/config.ts';

const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const uncommented = parseEnv(example.replaceAll(/^# (?=[A-Z_]+=)/gmu, ''));

test('.env.example shows the true default of every setting', () => {
  const terminal = { isTerminal: true };
  expect(loadConfig(uncommented, terminal)).toEqual(loadConfig({}, terminal));
});

test('.env.example shows every setting that the program reads', () => {
  const source = readFileSync(new URL('../../src/config.ts', import.meta.url), 'utf8');
  const read = [...source.matchAll(/^ {2}(?<name>[A-Z_]+):/gmu)].map(
    (match) => match.groups?.['name'],
  );
  expect(read).toContain('RETENTION_HOURS');
  expect(Object.keys(uncommented)).toEqual(expect.arrayContaining(read));
});

test('.env.example sets nothing by itself', () => {
  expect(parseEnv(example)).toEqual({});
});
