// What one caller, one address and the server as a whole may be asked for. Null limits nothing. Enforced in
// sql/0004_access.sql, in the transaction of each request, and in sql/0007_operation_cost.sql.

export type Limits = {
  /** New conversions a minute; a look costs a fifth of one. */
  readonly ownerPerMinute: number | null;
  readonly addressPerMinute: number | null;
  /** Jobs that wait or run, joined ones included. */
  readonly ownerActive: number | null;
  readonly addressActive: number | null;
  /** MP3s that are kept, shared ones included. */
  readonly ownerStoredBytes: number | null;
  readonly addressStoredBytes: number | null;
  /** Jobs that wait, of all owners together. */
  readonly queued: number | null;
};

/** What operations may cost in a minute, by src/http/operationCost.ts. */
export type CostLimits = Pick<Limits, 'ownerPerMinute' | 'addressPerMinute'>;

/** What a caller may spend still, of what fills up within a minute. */
export type Allowance = { readonly perMinute: number; readonly left: number };

export type LimitCode = 'RATE_LIMITED' | 'TOO_MANY_ACTIVE_JOBS' | 'TOO_MUCH_STORED' | 'QUEUE_FULL';

/** A caller asked for more than the limits allow; nothing was done. */
export class LimitReached extends Error {
  readonly code: LimitCode;
  /** From then on the same call may be accepted; null when that is not known. */
  readonly retryAt: Date | null;

  constructor(code: LimitCode, retryAt: Date | null) {
    super(code);
    this.name = 'LimitReached';
    this.code = code;
    this.retryAt = retryAt;
  }
}

/** Points that a new conversion costs: `tapedeck.price` has the whole list. */
export const pointsPerConversion = 10;
