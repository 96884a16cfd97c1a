// Who may do what: the three ways to run, what a caller may do, and who is behind them. Pure.

/**
 * `open`: everybody is one owner. `sessions`: each visitor is one, known by a signed cookie. `keys`: each API
 * key is one.
 */
export const accessModes = ['open', 'sessions', 'keys'] as const;
export type AccessMode = (typeof accessModes)[number];

/** `request`: everything that changes jobs. `read`: everything that shows them. `admin`: both, and everybody's. */
export const scopes = ['request', 'read', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Who sees jobs: an owner theirs; null is an admin, who sees all. */
export type ViewerId = string | null;

/** The job with these owners is the viewer's to see. */
export function mayView(viewerId: ViewerId, ownerIds: readonly string[]): boolean {
  return viewerId === null || ownerIds.includes(viewerId);
}

/** Who asks, for one operation or one socket. */
export type Caller = {
  /** To whom a new request belongs. Never told to anybody. */
  readonly ownerId: string;
  /** Whose jobs the caller sees and changes. */
  readonly viewerId: ViewerId;
  /** They have shown nothing by which we know them: nobody comes back as this owner but by what they are given now. */
  readonly isNewcomer?: boolean;
  readonly scopes: ReadonlySet<Scope>;
  /** The API key that the caller showed, by which it is found when it is revoked; else null. */
  readonly keyId: string | null;
  /** Where the call comes from, as far as TRUSTED_PROXIES lets us know; see `countedAddress`. */
  readonly address: string;
};

/** In open access everybody is the same owner, and shares one history. */
export const everybody = 'everybody';
/** The owner of nothing: who shows no key where one is needed. */
export const nobody = 'nobody';

/** The caller's scopes include it, or are those of an admin. */
export function mayUse({ scopes: held }: Pick<Caller, 'scopes'>, scope: Scope): boolean {
  return held.has(scope) || held.has('admin');
}

/** HOST names this machine alone: only its own programs can connect. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
