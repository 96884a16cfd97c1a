// API keys: making, finding, revoking, and ending what a revoked one still holds open. Whoever has the text has
// the key, so it is shown once and stored as a hash.

import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { findApiKey, insertApiKey, readValidKeys } from '../db/apiKeys.ts';
import type { ApiKey } from '../db/apiKeys.ts';
import type { Queryable } from '../db/pool.ts';
import type { Scope } from '../domain/access.ts';

export type ValidKey = Pick<ApiKey, 'id' | 'scopes'>;

export type ApiKeys = {
  /** Null when it is none of ours, or revoked. */
  find(key: string): Promise<ValidKey | null>;
  /** Calls `end` once when the key is revoked. Answers what to call when nobody cares any more. */
  watch(keyId: string, end: () => void): () => void;
  /** Keys may have been revoked. */
  recheck(): void;
};

type ApiKeysOptions = {
  readonly db: Queryable;
  readonly onReadError: (error: unknown) => void;
};

/** A scanner for leaked secrets knows it by the prefix. */
const pattern = /^tapedeck_[\w-]{43}$/;
/** A key that was found counts as valid for so long without a look; a revocation that is heard ends that. */
const trustedMs = 5_000;
const mostTrusted = 10_000;
const pauseAfterErrorMs = 1_000;

/** Makes a key. The text is not kept: it is for the caller to show, once. */
export async function createApiKey(
  db: Queryable,
  { name, scopes }: { readonly name: string; readonly scopes: readonly Scope[] },
): Promise<{ id: string; key: string }> {
  const id = randomBytes(4).toString('hex');
  const key = `tapedeck_${randomBytes(32).toString('base64url')}`;
  await insertApiKey(db, { id, name, scopes, hash: hashOf(key) });
  return { id, key };
}

export function createApiKeys({ db, onReadError }: ApiKeysOptions): ApiKeys {
  const trusted = new Map<string, { readonly key: ValidKey; readonly until: number }>();
  const watchers = new Map<string, Set<() => void>>();
  let rechecks = 0;
  let isReading = false;
  let isDue = false;

  async function endRevoked(): Promise<void> {
    if (isReading) return;
    isReading = true;
    while (isDue) {
      isDue = false;
      const ids = [...watchers.keys()];
      try {
        const valid = ids.length === 0 ? new Set<string>() : await readValidKeys(db, ids);
        for (const id of ids) {
          if (!valid.has(id)) for (const end of watchers.get(id) ?? []) end();
        }
      } catch (error) {
        isDue = true;
        onReadError(error);
        await delay(pauseAfterErrorMs, undefined, { ref: false });
      }
    }
    isReading = false;
  }

  return {
    async find(text) {
      if (!pattern.test(text)) return null;
      const hash = hashOf(text);
      const name = hash.toString('base64');
      const known = trusted.get(name);
      if (known !== undefined && known.until > performance.now()) return known.key;
      trusted.delete(name);
      let key: ValidKey | null;
      let before: number;
      do {
        before = rechecks;
        key = await findApiKey(db, hash);
        // What was read may be older than a revocation that was heard meanwhile.
      } while (rechecks !== before);
      if (key === null) return null;
      if (trusted.size >= mostTrusted) trusted.clear();
      trusted.set(name, { key, until: performance.now() + trustedMs });
      return key;
    },
    watch(keyId, end) {
      const ends = watchers.get(keyId) ?? new Set();
      watchers.set(keyId, ends.add(end));
      return () => {
        ends.delete(end);
        if (ends.size === 0 && watchers.get(keyId) === ends) watchers.delete(keyId);
      };
    },
    recheck() {
      rechecks += 1;
      trusted.clear();
      isDue = true;
      void endRevoked();
    },
  };
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
