// The roles of an API and of a worker that own nothing: making them, granting what they need, and telling whether
// we are one of them. What they need is in sql/grants.sql.

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { migrationsFolder } from './migrate.ts';
import type { Queryable } from './pool.ts';

export type RoleName = 'tapedeck_api' | 'tapedeck_worker';

/** Grants what each role needs that is there. To be called by the owner, after migrating. */
export async function grantRoles(db: Queryable): Promise<void> {
  await db.query(await readFile(`${migrationsFolder}/grants.sql`, 'utf8'));
}

/** Makes the role when it is missing, and lets it in with this password from now on. */
export async function letRoleIn(db: Queryable, role: RoleName, password: string): Promise<void> {
  const { rows } = await db.query(`-- findRole\nselect from pg_roles where rolname = $1`, [role]);
  // A verifier, not the password: statements may be in the server's log.
  const verifier = toVerifier(password, randomBytes(16));
  await db.query(
    `-- letRoleIn\n${rows.length === 0 ? 'create' : 'alter'} role ${role} login password '${verifier}'`,
  );
}

/** The schema is ours, or not there yet: then we may migrate. */
export async function mayMigrate(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ may: boolean }>(
    `-- mayMigrate
     select coalesce(
       (select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = 'tapedeck'),
       has_database_privilege(current_database(), 'create')) as may`,
  );
  return rows[0]?.may === true;
}

/** What lets a password in and does not hold it: RFC 5803, as Postgres stores it. https://www.postgresql.org/docs/current/catalog-pg-authid.html */
export function toVerifier(password: string, salt: Buffer): string {
  const iterations = 4_096;
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const mac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(mac('Client Key')).digest('base64');
  const serverKey = mac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
