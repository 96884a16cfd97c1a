// What this server signs with: secrets from a setting, or from a file that is made at the first start and that
// all API processes share. It knows neither cookies nor links; each purpose has signatures of its own.

import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Keyring = {
  /** The signature of `text`, for one purpose only. Safe in URLs and cookies. */
  sign(purpose: string, text: string): string;
  /** `older`: it holds, but was made before the last rotation. */
  verify(purpose: string, text: string, signature: string): 'newest' | 'older' | 'invalid';
};

/** Where they are when no setting has them. */
export function secretsFile(dataFolder: string): string {
  return join(dataFolder, 'secrets');
}

/** A rotation is known to every process at the latest after so long. */
const recheckMs = 5_000;
/** Of the file: the one that signs, and the one before it. */
const keptSecrets = 2;

/** `secrets`: the newest first. */
export function createKeyring(secrets: readonly string[]): Keyring {
  return ringOver(() => secrets.map(toKey));
}

/** Reads the secrets from the file, again whenever it changes, and makes it when it is missing. */
export function openKeyring(file: string): Keyring {
  makeOnce(file);
  let keys = readKeys(file);
  let checkedAt = performance.now();
  let changedAt = changeOf(file);
  return ringOver((isUnknown) => {
    // A signature of an unknown secret may be that of a process that has seen the rotation already.
    const age = performance.now() - checkedAt;
    if (age > recheckMs || (isUnknown && age > 100)) {
      checkedAt = performance.now();
      const change = changeOf(file);
      // The file may be away for a moment; what is known still holds.
      if (change !== null && change !== changedAt) {
        keys = readKeys(file);
        changedAt = change;
      }
    }
    return keys;
  });
}

/** Puts a new secret before the present one, which still verifies until the next rotation. */
export function rotateSecrets(file: string): void {
  makeOnce(file);
  const kept = readLines(file).slice(0, keptSecrets - 1);
  replace(file, [newSecret(), ...kept]);
}

type Key = { readonly id: string; readonly secret: string };

function ringOver(read: (isUnknown: boolean) => readonly Key[]): Keyring {
  return {
    sign(purpose, text) {
      const [key] = read(false);
      if (key === undefined) throw new Error('there is no secret to sign with');
      return `${key.id}.${mac(key, purpose, text)}`;
    },
    verify(purpose, text, signature) {
      const [id = '', given = ''] = signature.split('.', 2);
      const find = (isUnknown: boolean) => read(isUnknown).findIndex((key) => key.id === id);
      let place = find(false);
      if (place < 0) place = find(true);
      const key = read(false)[place];
      if (key === undefined || !isSame(given, mac(key, purpose, text))) return 'invalid';
      return place === 0 ? 'newest' : 'older';
    },
  };
}

function toKey(secret: string): Key {
  const id = createHash('sha256').update(`id of ${secret}`).digest('base64url').slice(0, 6);
  return { id, secret };
}

function mac({ secret }: Key, purpose: string, text: string): string {
  return createHmac('sha256', secret).update(`${purpose}\0${text}`).digest('base64url');
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Several processes may start at once: a link is made by one of them only, and is whole when it is there. */
function makeOnce(file: string): void {
  if (changeOf(file) !== null) return;
  const made = `${file}.${randomUUID()}`;
  writeFileSync(made, `${newSecret()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(made, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (!withoutLinks.has(code)) throw error;
    // Network shares and FAT know no links. There, of two first starts at once, the later secret is the one.
    renameSync(made, file);
  } finally {
    rmSync(made, { force: true });
  }
}

const withoutLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

function replace(file: string, secrets: readonly string[]): void {
  const made = `${file}.${randomUUID()}`;
  writeFileSync(made, `${secrets.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(made, file);
}

function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
}

function readKeys(file: string): Key[] {
  return readLines(file).map(toKey);
}

/** Null when it is not there. */
function changeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
