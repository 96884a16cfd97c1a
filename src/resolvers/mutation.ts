// Everything that can be changed. A refusal that the caller can act on is data, never an error.

import type { Refusal } from '../services/refusals.ts';
import type { Allowance } from '../services/requests.ts';
import type { Context } from './context.ts';
import { fromGlobalId } from './globalId.ts';
import type { MutationResolvers } from './types.generated.ts';

export const Mutation: MutationResolvers = {
  async requestMp3(_, { url, options, reuse, idempotencyKey }, context) {
    const { ownerId, address } = context;
    const asked = {
      url,
      options,
      mayReuse: reuse === 'IF_AVAILABLE',
      idempotencyKey: idempotencyKey ?? null,
    };
    const result = await context.requests.request(ownerId, asked, address);
    const { job, outcome, refusal } = tellAllowance(context, result);
    return { job, outcome, userErrors: toUserErrors(refusal) };
  },
  async cancelJob(_, { id }, context) {
    const { job, refusal } = await act(context, 'cancel', id);
    return { job, userErrors: toUserErrors(refusal) };
  },
  async retryJob(_, { id }, context) {
    const { job, refusal } = await act(context, 'retry', id);
    return { job, userErrors: toUserErrors(refusal) };
  },
  async deleteJob(_, { id }, context) {
    const { refusal } = await act(context, 'remove', id);
    return { deletedJobId: refusal === null ? id : null, userErrors: toUserErrors(refusal) };
  },
};

async function act(context: Context, deed: 'cancel' | 'retry' | 'remove', id: string) {
  const { requests, viewerId, address } = context;
  return tellAllowance(context, await requests[deed](viewerId, fromGlobalId(id), address));
}

/** Says beside the answer what the caller may still do; of what cost nothing and was refused, nothing is said. */
function tellAllowance<Result extends Allowance & { readonly refusal: Refusal<string> | null }>(
  { tellPoints }: Context,
  result: Result,
): Result {
  const { refusal, pointsLeft } = result;
  if (refusal?.code === 'RATE_LIMITED') tellPoints?.(0);
  else if (refusal === null || pointsLeft !== undefined) tellPoints?.(pointsLeft);
  return result;
}

function toUserErrors<Code>(refusal: Refusal<Code> | null) {
  return refusal === null ? [] : [{ ...refusal, retryAt: refusal.retryAt ?? null }];
}
