// Tells an outage of the database from a fault of ours: callers may repeat the call, operators look elsewhere.

/** Classes of SQLSTATE: connection exception, insufficient resources, operator intervention. */
const outageClasses = new Set(['08', '53', '57']);
const networkCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
]);
/** pg gives these no code (https://github.com/brianc/node-postgres/issues/1789). */
const messages =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client has encountered a connection error|not queryable/;

/** True when the error says that the database cannot be reached or takes no more connections. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!Error.isError(error)) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  // A Unix socket that is away; any other file that is missing is a fault of ours.
  if (code === 'ENOENT' && syscall === 'connect') return true;
  if (code !== undefined && networkCodes.has(code)) return true;
  if (code?.length === 5 && outageClasses.has(code.slice(0, 2))) return true;
  return messages.test(error.message);
}
