// What a tool sees of our environment: an allow-list, so that no secret of the service leaks into it.
// The values come from the configuration; nothing here reads process.env.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

/** The service's own environment, or as much of it as there is. */
export type HostEnvironment = Readonly<Record<string, string | undefined>>;

/** The variables that say whom to trust; yt-dlp has to be told to obey them. */
const trustNames = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'] as const;

const bundleName = 'trusted.pem';

/** True when the operator chose certificates of his own. */
export function choosesCertificates(host: HostEnvironment): boolean {
  return trustNames.some((name) => host[name]);
}

/** PATH and the trust variables, and a home without settings of anybody. `folder` is where the tool is at work. */
export function childEnvironment(host: HostEnvironment, folder: string): Record<string, string> {
  const inherited = ['PATH', ...trustNames].flatMap((name) => {
    const value = host[name];
    return value ? [[name, value] as const] : [];
  });
  return { ...Object.fromEntries(inherited), HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8' };
}

/**
 * NODE_EXTRA_CA_CERTS adds to the trusted roots, but Python knows only SSL_CERT_FILE, which replaces
 * them: so both are joined in a file in the work folder. Empty when the variable is not set.
 */
export async function extraCertificates(
  host: HostEnvironment,
  folder: string,
  nameInside = folder,
): Promise<Record<string, string>> {
  const extra = host['NODE_EXTRA_CA_CERTS'];
  if (!extra) return {};
  const roots = host['SSL_CERT_FILE']
    ? await readFile(host['SSL_CERT_FILE'], 'utf8')
    : rootCertificates.join('\n');
  const bundle = join(folder, bundleName);
  // What stands there already, a link perhaps, is not written to.
  await rm(bundle, { force: true });
  await writeFile(bundle, `${roots}\n${await readFile(extra, 'utf8')}`, {
    mode: 0o600,
    flag: 'wx',
  });
  return { SSL_CERT_FILE: join(nameInside, bundleName) };
}
