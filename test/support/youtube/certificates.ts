// A throwaway certificate authority and one certificate for all of YouTube's hosts, signed by openssl.
// Made anew for every server in its own folder: no key is ever committed or trusted by a machine.

import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { Folder } from '../folder.ts';

const run = promisify(execFile);

/** Python 3.13 verifies strictly: without key usage and key identifiers it refuses the chain. */
const extensions = (hosts: readonly string[]): string => `
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[hosts]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${hosts.map((host) => `DNS:${host}`).join(', ')}
`;

/** `caFile` is the PEM file that clients have to trust; `key` and `cert` are for a TLS server. */
export type Certificates = { readonly caFile: string; readonly key: string; readonly cert: Buffer };

/** Writes into the folder. Throws when openssl is not in PATH (Debian: it comes with ca-certificates). */
export async function makeCertificates(
  { file }: Folder,
  hosts: readonly string[],
): Promise<Certificates> {
  const openssl = async (...args: string[]): Promise<void> => {
    await run('openssl', args).catch((cause: unknown) => {
      throw new Error('The stand-in for YouTube needs openssl in PATH: install it.', { cause });
    });
  };
  const [authorityKey, key] = [newKey(), newKey()];
  await writeFile(file('extensions.cnf'), extensions(hosts));
  await writeFile(file('ca.key'), authorityKey, { mode: 0o600 });
  await writeFile(file('hosts.key'), key, { mode: 0o600 });

  const asked = ['-config', file('extensions.cnf'), '-sha256'];
  const signed = ['-sha256', '-days', '2'];
  await openssl(
    ...['req', '-x509', '-new', '-key', file('ca.key'), '-subj', '/CN=Tapedeck throwaway CA'],
    ...[...asked, '-days', '2', '-extensions', 'authority', '-out', file('ca.pem')],
  );
  await openssl(
    ...['req', '-new', '-key', file('hosts.key'), '-subj', '/CN=stand-in for YouTube'],
    ...[...asked, '-out', file('hosts.csr')],
  );
  await openssl(
    ...['x509', '-req', '-in', file('hosts.csr'), ...signed, '-set_serial', '2'],
    ...['-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-extfile', file('extensions.cnf'), '-extensions', 'hosts', '-out', file('hosts.pem')],
  );
  return { caFile: file('ca.pem'), key, cert: await readFile(file('hosts.pem')) };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
