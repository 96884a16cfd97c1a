// How to reach the embedded Postgres of a Tapedeck that runs already. It starts nothing.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** For `pg`; null when no server runs on the cluster, or none ever did. */
export async function findRunningEmbedded(clusterFolder: string): Promise<string | null> {
  // Line 1 is the process, line 5 the socket's folder. https://www.postgresql.org/docs/current/storage-file-layout.html
  const text = await readFile(join(clusterFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid = '', , , , socketFolder = ''] = text.split('\n');
  if (socketFolder === '' || !isAlive(Number(pid))) return null;
  return `postgres://tapedeck@${encodeURIComponent(socketFolder)}/tapedeck`;
}

/** A crash leaves the file behind. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
