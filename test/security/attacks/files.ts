// Addresses of files and pictures by who was not given one: a token decides, and nothing of the address is a path.

import type { Attack, Target } from '../attack.ts';
import { get } from '../send.ts';

const guessed = 'A'.repeat(22);

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
];
