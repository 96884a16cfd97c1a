// The versions that we stand on: package.json names exact ones, package-lock.json is complete and
// names no host (whoever installs uses the registry of their own settings), and one Node is meant
// everywhere. Whether newer versions exist is not asked.
import { readFile } from 'node:fs/promises';
import { findMissingOptionals, type LockFile } from '../completeLock.ts';

type Manifest = Record<'dependencies' | 'devDependencies', Record<string, string>>;

/** Every address, gap, open version and second Node, one sentence each. */
export async function findVersionFaults(root: string): Promise<{ faults: string[]; seen: string }> {
  const [manifest, lock, nodeVersion, dockerfile] = await Promise.all(
    ['package.json', 'package-lock.json', '.node-version', 'Dockerfile'].map((file) =>
      readFile(`${root}/${file}`, 'utf8'),
    ),
  );
  const { dependencies, devDependencies } = JSON.parse(manifest ?? '') as Manifest;
  const wanted = Object.entries({ ...dependencies, ...devDependencies });

  const open = wanted
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/u.test(version))
    .map(([name, version]) => `package.json: ${name} is "${version}"; name one exact version.`);
  const addresses = [...(lock ?? '').matchAll(/"resolved": "(?!file:)(?<address>[^"]+)"/gu)].map(
    (match) => `package-lock.json: ${match.groups?.['address']} names a host; leave it out.`,
  );
  const missing = Object.keys(findMissingOptionals(JSON.parse(lock ?? '') as LockFile)).map(
    (name) => `package-lock.json: ${name} is missing; run node scripts/completeLock.ts.`,
  );
  const node = dependencies['node'];
  const others = [
    ['.node-version', nodeVersion?.trim()],
    [
      'Dockerfile',
      /^ARG NODE_VERSION=(?<version>\S+)$/mu.exec(dockerfile ?? '')?.groups?.['version'],
    ],
  ]
    .filter(([, version]) => version !== node)
    .map(([file, version]) => `${file}: Node is ${version} there and ${node} in package.json.`);

  return {
    faults: [...open, ...addresses, ...missing, ...others],
    seen: `${wanted.length} dependencies, Node ${node}`,
  };
}
