// API keys as stored: by their hash. The key itself is never here.

import type { Scope } from '../domain/access.ts';
import type { Queryable } from './pool.ts';

export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  /** To the minute; null when it never was. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
};

export type NewApiKey = Pick<ApiKey, 'id' | 'name' | 'scopes'> & { readonly hash: Buffer };

export async function insertApiKey(db: Queryable, key: NewApiKey): Promise<void> {
  await db.query(
    `-- insertApiKey
     insert into tapedeck.api_keys (id, name, hash, scopes) values ($1, $2, $3, $4)`,
    [key.id, key.name, key.hash, key.scopes],
  );
}

/** The oldest first, revoked ones included. */
export async function readApiKeys(db: Queryable): Promise<ApiKey[]> {
  const { rows } = await db.query<ApiKey>(
    `-- readApiKeys
     select id, name, scopes, created_at as "createdAt", last_used_at as "lastUsedAt",
       revoked_at as "revokedAt"
     from tapedeck.api_keys order by created_at, id`,
  );
  return rows;
}

/** Ends the key, and tells every API process; false when there is no valid key with this id. */
export async function revokeApiKey(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `-- revokeApiKey
     with revoked as (
       update tapedeck.api_keys set revoked_at = now() where id = $1 and revoked_at is null returning id)
     select pg_notify('tapedeck_keys', id) from revoked`,
    [id],
  );
  return rowCount === 1;
}

/** The valid key with this hash, and a note that it was used; null when there is none. */
export async function findApiKey(
  db: Queryable,
  hash: Buffer,
): Promise<Pick<ApiKey, 'id' | 'scopes'> | null> {
  const { rows } = await db.query<Pick<ApiKey, 'id' | 'scopes'>>(
    `-- findApiKey\nselect id, scopes from tapedeck.use_api_key($1)`,
    [hash],
  );
  return rows[0] ?? null;
}

/** Those of the keys that are valid still. */
export async function readValidKeys(db: Queryable, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `-- readValidKeys\nselect valid_api_keys as id from tapedeck.valid_api_keys($1)`,
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}
