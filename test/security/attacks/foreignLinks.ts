// Addresses of another owner's MP3s and pictures, by who makes them up: each is answered like one to no file at all.
// Paths that would lead out of the store are in files.ts.

import { createKeyring } from '../../../src/secrets.ts';
import { createFileLinks } from '../../../src/services/fileLinks.ts';
import type { Attack } from '../attack.ts';
import { get } from '../send.ts';
import { expectSame, linksIn, newToken } from '../twoOwners.ts';
import type { TwoOwners } from '../twoOwners.ts';

/** What can be made of a link without the secret that signed it. */
const forgeries: Readonly<Record<string, (link: string, target: TwoOwners) => string>> = {
  'without a signature': (link) => link.split('?', 1)[0] ?? '',
  'with a changed signature': (link) =>
    link.replace(/(signature=[\w-]+\.)(.)/, (_, before: string, first: string) =>
      before.concat(first === 'A' ? 'B' : 'A'),
    ),
  'with the signature cut short': (link) => link.slice(0, -1),
  'that ends later': (link) =>
    link.replace(/expires=(\d+)/, (_, expires) => `expires=${Number(expires) + 1}`),
  'with the signature of an own link': (link, target) =>
    withQueryOf(link, linksIn(target, 0).pathOf(newToken(), 'own.mp3')),
  'signed with another secret': (link, { mode }) => {
    const others = createFileLinks({ mode, keyring: createKeyring(['of another server']) });
    return withQueryOf(link, others.pathOf(tokenOf(link), 'x.mp3'));
  },
  'with the job’s id for a token': (link, { foreign }) =>
    link.replace(tokenOf(link), foreign.succeeded.id),
};

const tokenOf = (link: string) => link.split('/')[2] ?? '';
const withQueryOf = (link: string, other: string) =>
  `${link.split('?', 1)[0]}?${other.split('?', 2)[1]}`;

const folders = { file: 'files', preview: 'previews' } as const;

/** A preview that was let through would never end. */
const methods = { file: 'GET', preview: 'HEAD' } as const;

/** A link to nothing, which is signed as it has to be. */
const nowhere = (target: TwoOwners, what: 'file' | 'preview', hours = 0) =>
  linksIn(target, hours).pathOf(newToken(), 'x.mp3').replace('files', folders[what]);

const bySignedLink = (['file', 'preview'] as const).flatMap((what): Attack<TwoOwners>[] => [
  {
    name: `the link to a foreign ${what} as its owner gave it away, which works`,
    attack: (target) => get(target, target.links[what], {}, 'HEAD'),
    expected: { status: 200, headers: { 'content-type': 'audio/mpeg' } },
  },
  ...Object.entries(forgeries).map(([how, forge]) => ({
    name: `the link to a foreign ${what} ${how}`,
    async attack(target: TwoOwners) {
      const forged = forge(target.links[what], target);
      if (forged === target.links[what]) throw new Error('the forgery changes nothing');
      const reach = (path: string) => get(target, path, target.stranger.headers(), methods[what]);
      const answer = await reach(forged);
      expectSame(answer, await reach(nowhere(target, what)));
      return answer;
    },
    expected: { status: 404 },
  })),
  {
    name: `the link to a foreign ${what} that has expired`,
    async attack(target) {
      const path = linksIn(target, -24).pathOf(tokenOf(target.links[what]), 'x.mp3');
      const answer = await get(target, path.replace('files', folders[what]));
      expectSame(answer, await get(target, nowhere(target, what, -24)));
      return answer;
    },
    expected: { status: 410, text: 'This link has expired' },
  },
]);

/** A picture's address is no secret's but its token's. */
const guessedPictures: Readonly<Record<string, (target: TwoOwners) => string>> = {
  'the job’s id': ({ foreign }) => foreign.running.id,
  'the token of the preview': ({ links: { preview } }) => tokenOf(preview),
  'the token of the MP3': ({ links: { file } }) => tokenOf(file),
};

const byPicture: readonly Attack<TwoOwners>[] = [
  {
    name: 'the address of a foreign picture as its owner gave it away, which works',
    attack: (target) => get(target, target.links.thumbnail),
    expected: { status: 200, text: 'a picture' },
  },
  ...Object.entries(guessedPictures).map(([what, guess]) => ({
    name: `a foreign picture, by ${what}`,
    async attack(target: TwoOwners) {
      const answer = await get(target, `/thumbnails/${guess(target)}.jpg`);
      expectSame(answer, await get(target, `/thumbnails/${newToken()}.jpg`));
      return answer;
    },
    expected: { status: 404 },
  })),
];

export const foreignLinkAttacks: readonly Attack<TwoOwners>[] = [...bySignedLink, ...byPicture];
