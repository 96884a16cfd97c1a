// The addresses of an MP3 and of a small picture on this server. The token decides what is served, and the name is
// for people. Where owners are apart, the address of an MP3 is signed and ends, so that a player or a download
// needs no header and an address that got about is worth nothing the day after.

import type { AccessMode } from '../domain/access.ts';
import type { Keyring } from '../secrets.ts';

export type FileLinks = {
  /** A root-relative path; the same for hours, so that a page need not load what it plays again. */
  pathOf(token: string, fileName: string): string;
  /** The same for an MP3 that is still being made; `judge` judges both. */
  previewPathOf(token: string, fileName: string): string;
  /** Whether an address with this token may be served; it does not say whether there is such a file. */
  judge(token: string, query: FileQuery): 'valid' | 'expired' | 'invalid';
};

export type FileQuery = { readonly expires?: unknown; readonly signature?: unknown };

type FileLinksOptions = {
  readonly mode: AccessMode;
  readonly keyring: Keyring;
  /** Milliseconds since 1970; tests turn it. */
  readonly now?: () => number;
};

const purpose = 'file';
/** A link lives for one to two of these. */
const windowSeconds = 12 * 60 * 60;
const expiresPattern = /^\d{10}$/;

export function createFileLinks({ mode, keyring, now = Date.now }: FileLinksOptions): FileLinks {
  const isSigned = mode !== 'open';
  const pathUnder = (folder: string) => (token: string, fileName: string) => {
    const path = `/${folder}/${token}/${encodeURIComponent(fileName)}`;
    if (!isSigned) return path;
    const expires = (Math.floor(now() / 1_000 / windowSeconds) + 2) * windowSeconds;
    return `${path}?expires=${expires}&signature=${keyring.sign(purpose, `${token} ${expires}`)}`;
  };
  return {
    pathOf: pathUnder('files'),
    previewPathOf: pathUnder('previews'),
    judge(token, { expires, signature }) {
      if (!isSigned) return 'valid';
      if (typeof expires !== 'string' || !expiresPattern.test(expires)) return 'invalid';
      if (typeof signature !== 'string') return 'invalid';
      if (keyring.verify(purpose, `${token} ${expires}`, signature) === 'invalid') return 'invalid';
      return Number(expires) * 1_000 > now() ? 'valid' : 'expired';
    },
  };
}

/** A root-relative path. */
export function thumbnailPath(token: string): string {
  return `/thumbnails/${token}.jpg`;
}
