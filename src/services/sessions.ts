// Anonymous visitors, each known by a signed text that their browser keeps. Nothing is stored for one who has
// not asked for anything.

import { randomBytes } from 'node:crypto';
import type { Keyring } from '../secrets.ts';

export type Session = {
  readonly ownerId: string;
  /** Made just now. */
  readonly isNew: boolean;
  /** What the visitor is to keep from now on; null when that is what they showed. */
  readonly issued: string | null;
};

const purpose = 'session';
/** 16 random bytes, the day it was signed, and the signature. */
const pattern = /^([\w-]{22})\.(\d{1,6})\.([\w-]{6}\.[\w-]{43})$/;
const dayMs = 24 * 60 * 60 * 1_000;
/** Signed again after so long, so that it outlives what a browser keeps for at most 400 days. */
const renewAfterDays = 7;
/** https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis, 5.5 */
export const sessionDays = 400;

/** The visitor who shows this text, or a new one when it is none of ours or too old. */
export function readSession(keyring: Keyring, shown: string | undefined): Session {
  const today = Math.floor(Date.now() / dayMs);
  const [, id = '', day = '', signature = ''] = pattern.exec(shown ?? '') ?? [];
  const ageDays = today - Number(day);
  const verdict = id === '' ? 'invalid' : keyring.verify(purpose, `${id}.${day}`, signature);
  if (verdict === 'invalid' || ageDays > sessionDays) {
    const newId = randomBytes(16).toString('base64url');
    return { ownerId: ownerOf(newId), isNew: true, issued: sign(keyring, newId, today) };
  }
  const isStale = verdict === 'older' || ageDays > renewAfterDays;
  const issued = isStale ? sign(keyring, id, today) : null;
  return { ownerId: ownerOf(id), isNew: false, issued };
}

function sign(keyring: Keyring, id: string, day: number): string {
  const text = `${id}.${day}`;
  return `${text}.${keyring.sign(purpose, text)}`;
}

function ownerOf(id: string): string {
  return `session:${id}`;
}
