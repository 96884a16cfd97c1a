// The one place that decides what of an error leaves the process, on any transport: known mistakes of the
// caller word for word, an outage as such, and everything else as a plain sentence with the request's id.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from '../logger.ts';
import { AccessDenied } from '../services/accessDenied.ts';
import type { AccessDeniedCode } from '../services/accessDenied.ts';
import { InvalidArgument } from '../services/invalidArgument.ts';
import { isDatabaseUnavailable } from '../services/unavailable.ts';
import { refuse } from './refusal.ts';

const unavailable = 'The server cannot reach its database; try again soon.';
const sorry = 'Something went wrong on this server; try again.';

/** `code` in `extensions` of an error that is not GraphQL's own. */
type ErrorCode =
  AccessDeniedCode | 'BAD_USER_INPUT' | 'SERVICE_UNAVAILABLE' | 'INTERNAL_SERVER_ERROR';

/**
 * Masks one error of an answer. `error` is what was thrown, `formatted` what GraphQL would send. What callers
 * cannot mend goes to the log with its cause, under the id that they are given.
 */
export function maskError(
  formatted: GraphQLFormattedError,
  error: unknown,
  { logger, requestId }: { logger: Logger; requestId: string },
): GraphQLFormattedError {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  // Without a cause it is GraphQL's own: a document or variable at fault, and it says which.
  if (cause === undefined || cause === null || cause instanceof GraphQLError) return formatted;
  const { path, locations } = formatted;
  const answer = (code: ErrorCode, message: string): GraphQLFormattedError => ({
    message,
    ...(path && { path }),
    ...(locations && { locations }),
    extensions: { code, requestId },
  });
  if (cause instanceof InvalidArgument) return answer('BAD_USER_INPUT', cause.message);
  if (cause instanceof AccessDenied) return answer(cause.code, cause.message);
  if (isDatabaseUnavailable(cause)) {
    logger.warn({ err: cause, requestId, path }, 'the database is unavailable');
    return answer('SERVICE_UNAVAILABLE', unavailable);
  }
  logger.error({ err: cause, requestId, path }, 'a field failed');
  return answer('INTERNAL_SERVER_ERROR', sorry);
}

/**
 * Answers a request that failed outside of GraphQL. Only what Fastify says of the request itself (a body that
 * is no JSON, or too large) goes out as it is.
 */
export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const { id: requestId } = request;
  const url = loggedUrl(request);
  const { statusCode = 500 } = error;
  if (statusCode >= 400 && statusCode < 500) return reply.send(error);
  const isOutage = isDatabaseUnavailable(error);
  if (isOutage) logger.warn({ err: error, requestId, url }, 'the database is unavailable');
  else logger.error({ err: error, requestId, url }, 'a request failed');
  return isOutage ? refuse(reply, 503, unavailable) : refuse(reply, 500, sorry);
}

/** The address without what opens a file or was asked for: logs are read by more people than may do that. */
export function loggedUrl({ url }: Pick<FastifyRequest, 'url'>): string {
  const [path = ''] = url.split('?', 1);
  return path.replace(/^\/(files|previews|thumbnails)\/[^/]*/, '/$1/…');
}
