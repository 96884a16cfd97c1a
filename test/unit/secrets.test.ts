import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createKeyring, openKeyring, rotateSecrets, secretsFile } from '../../src/secrets.ts';
import { eventually } from '../support/eventually.ts';
import { openFolder } from '../support/folder.ts';

const [newest, older, foreign] = ['n'.repeat(32), 'o'.repeat(32), 'f'.repeat(32)];

describe('signatures', () => {
  const ring = createKeyring([newest, older]);

  test('hold for the text and the purpose that they were made for, and for nothing else', () => {
    const signature = ring.sign('session', 'text');
    expect(ring.verify('session', 'text', signature)).toBe('newest');
    expect(ring.verify('session', 'text!', signature)).toBe('invalid');
    expect(ring.verify('file', 'text', signature)).toBe('invalid');
    expect(ring.verify('session', 'text', `${signature}A`)).toBe('invalid');
    expect(ring.verify('session', 'text', '')).toBe('invalid');
  });

  test('of the secret before hold, and are told apart', () => {
    const before = createKeyring([older]).sign('session', 'text');
    expect(ring.verify('session', 'text', before)).toBe('older');
  });

  test('of a secret that is not ours never hold', () => {
    const theirs = createKeyring([foreign]).sign('session', 'text');
    expect(ring.verify('session', 'text', theirs)).toBe('invalid');
    // Not even under the name of one of ours.
    const [name] = ring.sign('session', 'text').split('.');
    const forged = `${name}.${theirs.split('.')[1]}`;
    expect(ring.verify('session', 'text', forged)).toBe('invalid');
  });

  test('hold no trace of the secret', () => {
    expect(ring.sign('session', 'text')).not.toContain(newest.slice(0, 4));
  });
});

describe('the file', () => {
  let folder: Awaited<ReturnType<typeof openFolder>>;
  let file: string;
  beforeEach(async () => {
    folder = await openFolder();
    file = secretsFile(folder.path);
  });
  afterEach(async () => folder[Symbol.asyncDispose]());

  test('is made at the first start, and readable by its owner alone', () => {
    openKeyring(file);
    expect(readFileSync(file, 'utf8')).toMatch(/^[\w-]{43}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is shared: what one process signs, the others know', () => {
    const [one, two] = [openKeyring(file), openKeyring(file)];
    expect(two.verify('session', 'text', one.sign('session', 'text'))).toBe('newest');
  });

  test('after a rotation the one before still holds, and the one before that does not', async () => {
    const first = openKeyring(file).sign('session', 'text');
    rotateSecrets(file);
    const second = openKeyring(file).sign('session', 'text');
    expect(openKeyring(file).verify('session', 'text', first)).toBe('older');
    rotateSecrets(file);
    const ring = openKeyring(file);
    expect(ring.verify('session', 'text', second)).toBe('older');
    expect(ring.verify('session', 'text', first)).toBe('invalid');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is read again when a process shows a signature of a secret that is new', async () => {
    const running = openKeyring(file);
    writeFileSync(file, `${newest}\n`);
    // Not at every unknown signature: whoever sends forged ones is not to make us read files.
    const signature = createKeyring([newest]).sign('session', 'text');
    await eventually(
      'the new secret to be known',
      () => running.verify('session', 'text', signature) === 'newest',
    );
  });
});
