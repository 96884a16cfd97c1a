// The sentences that people read when the embedded Postgres does not run, and how Postgres's own
// words are told apart. It logs nothing.

type ErrorCode = 'CANNOT_RUN' | 'IN_USE' | 'OTHER_OWNER' | 'OTHER_VERSION' | 'FAILED';
type Facts = Readonly<Record<string, unknown>>;

/** Why there is no server. The message is one sentence for people; `facts` are for the log. */
export class EmbeddedPostgresError extends Error {
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, message: string, facts: Facts) {
    super(message);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
    this.facts = facts;
  }
}

/** This machine cannot run the binaries, or not as a user that Postgres accepts. */
export function cannotRun(facts: Facts): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'CANNOT_RUN',
    'The embedded Postgres cannot run here: set DATABASE_URL to a PostgreSQL server of your own.',
    facts,
  );
}

/** A living server holds the cluster. */
export function inUse(folder: string, facts: Facts): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'IN_USE',
    `Another Tapedeck uses the database in ${folder}: stop it, or give this one its own DATA_DIR or a DATABASE_URL.`,
    facts,
  );
}

/** An ordinary user started us, and the cluster is somebody else's. */
export function otherOwner(folder: string, facts: Facts): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'OTHER_OWNER',
    `The database in ${folder} belongs to another user: start Tapedeck as that user or as root, or choose another DATA_DIR.`,
    facts,
  );
}

/** The folder cannot be made, entered or replaced by a cluster. */
export function unusableFolder(folder: string, cause: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'FAILED',
    `The folder ${folder} cannot be used: choose another one in DATA_DIR.`,
    { cause: String(cause) },
  );
}

/** A program of Postgres ended badly; `output` is what it wrote, and decides the code. */
export function explainEnd(folder: string, output: string, facts: Facts): EmbeddedPostgresError {
  const all = { ...facts, output };
  // Both from PostgreSQL's miscinit.c and sysv_shmem.c: the server holds on, or its last sessions do.
  if (/lock file ".*" already exists|shared memory block .* still in use/u.test(output)) {
    return inUse(folder, all);
  }
  const version = /initialized by PostgreSQL version (\S+), .* this version (\S+?)\.?$/mu.exec(
    output,
  );
  if (version !== null) {
    return new EmbeddedPostgresError(
      'OTHER_VERSION',
      `The database in ${folder} was made by PostgreSQL ${version[1]} and this Tapedeck brings ${version[2]}: move it over with pg_dump, or set DATABASE_URL to a server of the old version.`,
      all,
    );
  }
  const reasons = [...output.matchAll(/(?:FATAL|PANIC|error):\s+(.*)/gu)].map((match) => match[1]);
  const reason = reasons.at(-1) ?? output.trim().split('\n').at(-1);
  return new EmbeddedPostgresError(
    'FAILED',
    `The embedded Postgres in ${folder} ended (${reason}): mend that, or set DATABASE_URL to a PostgreSQL server of your own.`,
    all,
  );
}
