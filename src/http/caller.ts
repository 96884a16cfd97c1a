// Who asks: everybody, a visitor with a cookie, or an API key. The same for a page, a POST, a socket and a
// file; what the caller may do is not decided here.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { everybody, nobody } from '../domain/access.ts';
import type { AccessMode, Caller, Scope } from '../domain/access.ts';
import { countedAddress } from '../domain/address.ts';
import { pointsPerConversion } from '../domain/limits.ts';
import type { Allowance, Limits } from '../domain/limits.ts';
import type { Context } from '../resolvers/context.ts';
import type { Keyring } from '../secrets.ts';
import type { ApiKeys } from '../services/apiKeys.ts';
import type { OperationBudget } from '../services/operationBudget.ts';
import { readSession, sessionDays } from '../services/sessions.ts';
import { tellAllowance } from './rateLimit.ts';

/**
 * Finds out who asks, and gives a new visitor their cookie. A socket has no `reply`: who comes without a cookie
 * is a visitor for as long as it is open. `shown` is what a socket shows instead of the Authorization header.
 */
export type Identify = (
  request: FastifyRequest,
  reply: FastifyReply | null,
  shown?: string,
) => Promise<Caller & Pick<Context, 'tellPoints' | 'tellCost'>>;

export type AccessOptions = {
  readonly mode: AccessMode;
  readonly keyring: Keyring;
  readonly apiKeys: ApiKeys;
  readonly limits: Limits;
  readonly budget: OperationBudget;
};

const usualScopes: ReadonlySet<Scope> = new Set(['request', 'read']);

const bearerPattern = /^bearer +(\S+)$/i;

export function createIdentify({ mode, keyring, apiKeys, limits }: AccessOptions): Identify {
  const { ownerPerMinute } = limits;
  return async (request, reply, shown = request.headers.authorization) => {
    const shared = {
      keyId: null,
      address: countedAddress(request.ip),
      ...(reply !== null && tellers(reply, ownerPerMinute)),
    };
    switch (mode) {
      case 'open':
        return { ...shared, ownerId: everybody, viewerId: everybody, scopes: usualScopes };
      case 'sessions': {
        const shownCookie = request.cookies[cookieName(request)];
        const { ownerId, isNew, issued } = readSession(keyring, shownCookie);
        if (issued !== null) setCookie(request, reply, issued);
        const isNewcomer = isNew;
        return { ...shared, ownerId, viewerId: ownerId, isNewcomer, scopes: usualScopes };
      }
      case 'keys': {
        const [, text] = bearerPattern.exec(shown ?? '') ?? [];
        const key = text === undefined ? null : await apiKeys.find(text);
        if (key === null)
          return { ...shared, ownerId: nobody, viewerId: nobody, scopes: new Set() };
        const ownerId = `key:${key.id}`;
        const viewerId = key.scopes.includes('admin') ? null : ownerId;
        return { ...shared, ownerId, viewerId, scopes: new Set(key.scopes), keyId: key.id };
      }
    }
  };
}

function tellers(
  reply: FastifyReply,
  perMinute: number | null,
): Pick<Context, 'tellPoints' | 'tellCost'> {
  const tellCost = (allowance: Allowance) => tellAllowance(reply, 'cost', allowance);
  if (perMinute === null) return { tellCost };
  return {
    tellCost,
    tellPoints(pointsLeft = perMinute * pointsPerConversion) {
      const left = pointsLeft / pointsPerConversion;
      tellAllowance(reply, 'conversions', { perMinute, left });
    },
  };
}

/** Behind TLS under a name that no other site below the same domain can set. */
function cookieName({ protocol }: FastifyRequest): string {
  return protocol === 'https' ? '__Host-tapedeck' : 'tapedeck';
}

function setCookie(request: FastifyRequest, reply: FastifyReply | null, value: string): void {
  void reply?.setCookie(cookieName(request), value, {
    path: '/',
    httpOnly: true,
    // Lax: a link from elsewhere shows visitors their own page; a form from elsewhere cannot act for them.
    sameSite: 'lax',
    secure: request.protocol === 'https',
    maxAge: sessionDays * 24 * 60 * 60,
  });
}
