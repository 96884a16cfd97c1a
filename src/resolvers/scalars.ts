// The scalars that GraphQL does not have. What they accept and send is said in src/schema/scalars.graphql.

import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const instantPattern =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** https://scalars.graphql.org/andimarek/date-time.html */
export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize(value) {
    if (value instanceof Date) return value.toISOString();
    throw new TypeError('DateTime can only send a Date');
  },
  parseValue: toInstant,
  parseLiteral: (node) => toInstant(node.kind === Kind.STRING ? node.value : null),
});

export const SafeInt = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  serialize: toSafeInt,
  parseValue: toSafeInt,
  parseLiteral: (node) => toSafeInt(node.kind === Kind.INT ? Number(node.value) : null),
});

/** Only ever sent, never accepted: an address that a caller gives is a String with refusals of its own. */
export const URL = new GraphQLScalarType<string, string>({
  name: 'URL',
  serialize: String,
  parseValue: () => {
    throw new GraphQLError('No argument takes a URL; send a String.');
  },
});

// graphql-tools copies every property onto the schema's own type, also those that are not given here.
for (const scalar of [DateTime, SafeInt, URL]) {
  for (const said of ['description', 'specifiedByURL']) Reflect.deleteProperty(scalar, said);
}

function toInstant(value: unknown): Date {
  const day = typeof value === 'string' ? instantPattern.exec(value)?.[1] : undefined;
  const instant = day !== undefined && isDay(day) ? new Date(String(value)) : null;
  if (instant === null || Number.isNaN(instant.getTime())) {
    throw new GraphQLError('A DateTime has to look like 2026-11-22T10:15:00Z.');
  }
  return instant;
}

/** The parser takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const midnight = new Date(day);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

function toSafeInt(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new GraphQLError('A SafeInt has to be a whole number from 0 to 2^53-1.');
}
