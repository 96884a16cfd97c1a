// Why a caller may not do what was asked. It never says what would have been there.

/** UNAUTHENTICATED: nobody knows who asks. FORBIDDEN: it is known, and not enough. */
export type AccessDeniedCode = 'UNAUTHENTICATED' | 'FORBIDDEN';

/** The message is one sentence for the caller: what to send instead. */
export class AccessDenied extends Error {
  readonly code: AccessDeniedCode;

  constructor(code: AccessDeniedCode, message: string) {
    super(message);
    this.name = 'AccessDenied';
    this.code = code;
  }
}
