// The scope that each root field asks of its caller. Only what is asked: whose jobs they are, SQL decides.

import { mayUse } from '../domain/access.ts';
import type { Scope } from '../domain/access.ts';
import { AccessDenied } from '../services/accessDenied.ts';
import type { Context } from './context.ts';

/** Throws AccessDenied. */
function requireScope(context: Context, scope: Scope): void {
  if (mayUse(context, scope)) return;
  if (context.scopes.size === 0) {
    throw new AccessDenied(
      'UNAUTHENTICATED',
      'This server asks for an API key: send it as "Authorization: Bearer <key>".',
    );
  }
  throw new AccessDenied('FORBIDDEN', `This API key lacks the scope "${scope}"; use another one.`);
}

type Resolve = (parent: never, args: never, context: Context, info: never) => unknown;
type Field = Resolve | { readonly subscribe: Resolve };

/** The same fields, each of which first asks for the scope: no field can be forgotten. */
export function guarded<Fields extends object>(scope: Scope, fields: Fields): Fields {
  const guard =
    (resolve: Resolve): Resolve =>
    (parent, args, context, info) => {
      requireScope(context, scope);
      return resolve(parent, args, context, info);
    };
  return Object.fromEntries(
    Object.entries(fields as Record<string, Field>).map(([name, field]) => [
      name,
      typeof field === 'function' ? guard(field) : { ...field, subscribe: guard(field.subscribe) },
    ]),
  ) as Fields;
}
