// Addresses of files and pictures by who was not given one: a token decides, and nothing of the address is a path. And
// what somebody has put in the place of a file of ours, which is not followed.

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordThumbnail } from '../../../src/db/attempts.ts';
import { secretsFile } from '../../../src/secrets.ts';
import { createStorage } from '../../../src/storage.ts';
import { createThumbnails } from '../../../src/thumbnails.ts';
import { removeAllJobs } from '../../support/jobs.ts';
import { runJob, succeedJob } from '../../support/jobStates.ts';
import type { Answer, Attack, Target } from '../attack.ts';
import { get } from '../send.ts';

const guessed = 'A'.repeat(22);

const secret = 'what is not ours to serve';

/** What is put in the place of a file. */
const planted: Readonly<Record<string, (path: string, target: Target) => unknown>> = {
  'a link to a secret': (path, { dataFolder }) => symlink(secretsFile(dataFolder), path),
  'a link to a file beside it': async (path) => {
    await writeFile(`${path}.secret`, secret);
    await symlink(`${path}.secret`, path);
  },
  'a link to what the kernel knows of us': (path) => symlink('/proc/self/environ', path),
  'a link to nothing': (path) => symlink(`${path}.nothing`, path),
  'a pipe that nobody writes to': (path) => execFileSync('/usr/bin/mkfifo', [path]),
  'a folder': (path) => mkdir(path),
};

/** Puts it in the place of the one file of a folder, gets the address, and leaves no job. */
async function getPlanted(
  target: Target,
  { root, path, plant }: { root: string; path: string; plant: (typeof planted)[string] },
): Promise<Answer> {
  const whole = await get(target, path);
  if (whole.status !== 200) throw new Error('the file was not served before either');
  const [file] = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  if (file === undefined) throw new Error('there is no file to put anything in the place of');
  const place = join(file.parentPath, file.name);
  try {
    await rm(place);
    await plant(place, target);
    return await get(target, path);
  } finally {
    await rm(root, { recursive: true });
    await mkdir(root, { mode: 0o700 });
    await removeAllJobs(target.database.pool);
  }
}

/** The folders under DATA_DIR that are served from. */
const rootsOf = ({ dataFolder }: Target) => ({
  store: join(dataFolder, 'store'),
  thumbnails: join(dataFolder, 'thumbnails'),
});

const plantedAttacks = Object.entries(planted).flatMap(([what, plant]): Attack[] => [
  {
    name: `${what} in the place of an MP3`,
    async attack(target) {
      const storage = await createStorage(target.dataFolder);
      const { token } = await succeedJob({ app: { pool: target.database.pool, storage } });
      const { store: root } = rootsOf(target);
      return getPlanted(target, { root, plant, path: `/files/${token}/x.mp3` });
    },
    expected: { status: 410, text: /^The file has expired/ },
  },
  {
    name: `${what} in the place of a picture`,
    async attack(target) {
      const { pool } = target.database;
      const storage = await createStorage(target.dataFolder);
      const job = await runJob({ app: { pool, storage } });
      await (await createThumbnails(target.dataFolder)).put(job.jobId, Buffer.from('a picture'));
      await recordThumbnail(pool, job, guessed);
      const { thumbnails: root } = rootsOf(target);
      return getPlanted(target, { root, plant, path: `/thumbnails/${guessed}.jpg` });
    },
    expected: { status: 404, text: /^There is no such picture/ },
  },
]);

export const fileAttacks: readonly Attack[] = [
  ...[
    `/files/${guessed}/song.mp3`,
    `/files/${guessed}/../../../etc/passwd`,
    `/files/${guessed}/..%2f..%2f..%2fetc%2fpasswd`,
    `/files/..%2f..%2fpostgres/PG_VERSION`,
    '/files/../store/x.mp3',
    '/files/%2e%2e/%2e%2e/etc/passwd',
    String.raw`/files/..\..\etc\passwd/x.mp3`,
    '/files/%00/x.mp3',
    `/files/${'A'.repeat(21)}%00/x.mp3`,
    `/files/${guessed}%0d%0aSet-Cookie:%20a=b/x.mp3`,
    `/files/${'A'.repeat(2_000)}/x.mp3`,
    "/files/'%20or%201=1--/x.mp3",
    '/files/',
    '/files/*/x.mp3',
    `/thumbnails/${guessed}.jpg`,
    '/thumbnails/..%2f..%2fpostgres%2fPG_VERSION',
    '/thumbnails/../../etc/passwd',
    '/thumbnails/%00.jpg',
    "/thumbnails/'%20or%201=1--.jpg",
  ].map((path) => ({
    name: path.length > 80 ? `${path.slice(0, 80)}…` : path,
    attack: (target: Target) => get(target, path),
    expected: { status: [400, 404, 414] },
  })),
  ...['DELETE', 'PUT', 'POST', 'PROPFIND'].map((method) => ({
    name: `${method} of a file`,
    attack: (target: Target) => get(target, `/files/${guessed}/song.mp3`, {}, method),
    expected: { status: [400, 404, 405, 415] },
  })),
  ...plantedAttacks,
];
