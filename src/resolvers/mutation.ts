// Everything that can be changed. A refusal that the caller can act on is data, never an error.

import type { Refusal } from '../services/requests.ts';
import { fromGlobalId } from './globalId.ts';
import type { MutationResolvers } from './types.generated.ts';

export const Mutation: MutationResolvers = {
  async requestMp3(_, { url, options, reuse, idempotencyKey }, { requests, ownerId }) {
    const { job, outcome, refusal } = await requests.request(ownerId, {
      url,
      options,
      mayReuse: reuse === 'IF_AVAILABLE',
      idempotencyKey: idempotencyKey ?? null,
    });
    return { job, outcome, userErrors: toUserErrors(refusal) };
  },
  async cancelJob(_, { id }, { requests, ownerId }) {
    const { job, refusal } = await requests.cancel(ownerId, fromGlobalId(id));
    return { job, userErrors: toUserErrors(refusal) };
  },
  async retryJob(_, { id }, { requests, ownerId }) {
    const { job, refusal } = await requests.retry(ownerId, fromGlobalId(id));
    return { job, userErrors: toUserErrors(refusal) };
  },
  async deleteJob(_, { id }, { requests, ownerId }) {
    const { refusal } = await requests.remove(ownerId, fromGlobalId(id));
    return { deletedJobId: refusal === null ? id : null, userErrors: toUserErrors(refusal) };
  },
};

function toUserErrors<Code>(refusal: Refusal<Code> | null) {
  return refusal === null ? [] : [{ ...refusal, retryAt: null }];
}
