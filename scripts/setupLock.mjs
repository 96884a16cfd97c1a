// @ts-check
// One set-up at a time in this folder: a second one waits, and says so. The lock is a file that its
// holder touches; process numbers would mean nothing between containers that share the folder.

import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimes,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A lock that was not touched for so long belongs to nobody. */
const STALE_MS = 10_000;

/**
 * Does the work while nobody else holds the lock.
 * @param {string} file
 * @param {() => Promise<void>} work
 */
export async function withLock(file, work) {
  const token = `${process.pid} ${performance.timeOrigin}`;
  let hasSaidSo = false;
  while (!(await take(file, token))) {
    if (!hasSaidSo) console.log('Another set-up is at work in this folder; waiting for it.');
    hasSaidSo = true;
    await delay(250);
  }
  const touch = setInterval(() => {
    utimes(file, new Date(), new Date(), () => {});
  }, 2_000);
  try {
    await work();
  } finally {
    clearInterval(touch);
    rmSync(file, { force: true });
  }
}

/** @param {string} file @param {string} token */
async function take(file, token) {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, token, { flag: 'wx' });
    return true;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    // Where nobody may write, nobody needs a lock.
    if (code !== 'EEXIST') return true;
  }
  const touchedAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (Date.now() - touchedAt < STALE_MS) return false;
  // Everybody who waits may get here at once; the last to put his token there has it.
  writeFileSync(`${file}.${process.pid}`, token);
  renameSync(`${file}.${process.pid}`, file);
  await delay(100);
  return existsSync(file) && readFileSync(file, 'utf8') === token;
}
