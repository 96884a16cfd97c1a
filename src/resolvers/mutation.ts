// Everything that can be changed. A refusal that the caller can act on is data, never an error.

import type { Refusal } from '../services/refusals.ts';
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
    if (result.refusal === null) context.tellPoints?.(result.pointsLeft);
    else if (result.refusal.code === 'RATE_LIMITED') context.tellPoints?.(0);
    return { job: result.job, outcome: result.outcome, userErrors: toUserErrors(result.refusal) };
  },
  async cancelJob(_, { id }, { requests, viewerId, address }) {
    const { job, refusal } = await requests.cancel(viewerId, fromGlobalId(id), address);
    return { job, userErrors: toUserErrors(refusal) };
  },
  async retryJob(_, { id }, { requests, viewerId, address }) {
    const { job, refusal } = await requests.retry(viewerId, fromGlobalId(id), address);
    return { job, userErrors: toUserErrors(refusal) };
  },
  async deleteJob(_, { id }, { requests, viewerId, address }) {
    const { refusal } = await requests.remove(viewerId, fromGlobalId(id), address);
    return { deletedJobId: refusal === null ? id : null, userErrors: toUserErrors(refusal) };
  },
};

function toUserErrors<Code>(refusal: Refusal<Code> | null) {
  return refusal === null ? [] : [{ ...refusal, retryAt: refusal.retryAt ?? null }];
}
