// Keys that are valid and lack the scope for what is asked: `read` changes nothing, `request` reads nothing. Whose jobs
// they are makes no difference here.

import type { Attack } from '../attack.ts';
import { overSocket, post } from '../send.ts';
import type { TwoKeys } from './keys.ts';

const forbidden = '"code":"FORBIDDEN"';

const changes = {
  requestMp3: 'requestMp3(url: "https://youtu.be/dQw4w9WgXcQ") { job { id } }',
  cancelJob: 'cancelJob(id: $id) { job { id } }',
  retryJob: 'retryJob(id: $id) { job { id } }',
  deleteJob: 'deleteJob(id: $id) { deletedJobId }',
};

const reads = {
  node: 'node(id: $id) { id }',
  nodes: 'nodes(ids: [$id]) { id }',
  job: 'job(id: $id) { id }',
  jobs: 'jobs { totalCount }',
  queueStats: 'queueStats { queued }',
};

const streams = {
  job: 'job(id: $id) { isFinal }',
  jobs: 'jobs { isSnapshot }',
  queueStats: 'queueStats { queued }',
};

const document = (operation: string, field: string) =>
  field.includes('$id') ? `${operation} ($id: ID!) { ${field} }` : `${operation} { ${field} }`;

/** On a job that the key owns, so that nothing but its scope stands in the way. */
export const scopeAttacks: readonly Attack<TwoKeys>[] = [
  ...Object.entries(changes).map(([name, field]) => ({
    name: `${name} by a key that may only read`,
    attack: (target: TwoKeys) =>
      post(
        target,
        { query: document('mutation', field), variables: { id: target.own.id } },
        { authorization: `Bearer ${target.keys.reader}` },
      ),
    expected: { status: 403, text: forbidden },
  })),
  ...Object.entries(reads).map(([name, field]) => ({
    name: `the query ${name} by a key that may only request`,
    attack: (target: TwoKeys) =>
      post(
        target,
        { query: document('query', field), variables: { id: target.own.id } },
        { authorization: `Bearer ${target.keys.requester}` },
      ),
    expected: { status: 403, text: forbidden },
  })),
  ...Object.entries(streams).map(([name, field]) => ({
    name: `the subscription ${name} by a key that may only request`,
    attack: (target: TwoKeys) =>
      overSocket(
        target,
        document('subscription', field),
        { variables: { id: target.own.id } },
        { shown: { authorization: `Bearer ${target.keys.requester}` }, mostFrames: 1 },
      ),
    expected: { closeCode: 1000, text: /"payload":{"data":null,.*"code":"FORBIDDEN"/ },
  })),
  {
    name: 'a query beside what everybody may ask, by a key that may only request',
    attack: (target) =>
      post(
        target,
        { query: '{ __typename jobs { totalCount } }' },
        { authorization: `Bearer ${target.keys.requester}` },
      ),
    expected: { status: 200, text: /"jobs":null.*"code":"FORBIDDEN"|"FORBIDDEN".*"jobs":null/s },
  },
];
