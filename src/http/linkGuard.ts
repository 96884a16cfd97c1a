// Who holds a link to sound of ours: the unguessable token decides what is served and the signature whether, and
// guessing is slowed down. It serves nothing itself.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { countedAddress } from '../domain/address.ts';
import type { FileLinks, FileQuery } from '../services/fileLinks.ts';
import { refuse } from './refusal.ts';
import { createThrottle, refuseForNow } from './throttle.ts';

export type LinkRequest = FastifyRequest<{ Params: { token: string }; Querystring: FileQuery }>;

export type LinkGuard = {
  /**
   * What `find` knows by the link's token. Null when the link is refused: the reply is sent then, with `absent` as
   * the sentence for a token that stands for nothing.
   */
  open<Found>(
    request: LinkRequest,
    reply: FastifyReply,
    find: (token: string) => Promise<Found | null>,
    absent: string,
  ): Promise<Found | null>;
};

/** 16 random bytes in base64url. */
const tokenPattern = /^[\w-]{22}$/;

/** Nobody who was given a link needs as many; whoever guesses needs more than there are years. */
const guessesPerMinute = 60;

export function createLinkGuard(fileLinks: FileLinks): LinkGuard {
  const guesses = createThrottle(guessesPerMinute);
  return {
    async open({ ip, params: { token }, query }, reply, find, absent) {
      const address = countedAddress(ip);
      const waitSeconds = await guesses.look(address);
      if (waitSeconds > 0) {
        refuseForNow(reply, waitSeconds);
        return null;
      }
      const verdict = tokenPattern.test(token) ? fileLinks.judge(token, query) : 'invalid';
      if (verdict === 'expired') {
        refuse(reply, 410, 'This link has expired; take a new one from the job.');
        return null;
      }
      // Whether there is anything, a link that is not ours does not even find out by the time that it takes.
      const found = verdict === 'valid' ? await find(token) : null;
      if (found !== null) return found;
      await guesses.count(address);
      refuse(reply, 404, absent);
      return null;
    },
  };
}
