// One owner reaches for another's jobs, on every path of the API: each answer has to be, to the letter, that for a job
// which never was. The same for visitors and for keys. Files are in foreignLinks.ts.

import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { toGlobalId } from '../../../src/resolvers/globalId.ts';
import { newVideoId } from '../../support/jobStates.ts';
import { openSocket } from '../../support/socket.ts';
import type { Visitor } from '../../support/visitor.ts';
import type { Answer, Attack } from '../attack.ts';
import { overSocket, post } from '../send.ts';
import { expectSame, foreignIds } from '../twoOwners.ts';
import type { TwoOwners } from '../twoOwners.ts';

type State = keyof TwoOwners['foreign'];

const absentId = () => toGlobalId(randomUUID());

const ask = (target: TwoOwners, query: string, variables: object) =>
  post(target, { query, variables }, target.stranger.headers());

const watch = (target: TwoOwners, query: string, variables: object) =>
  overSocket(target, query, { variables }, { headers: target.stranger.headers(), mostFrames: 1 });

/** The stranger names one job, once the other's and once none. */
function byId(
  way: typeof ask,
  [name, state, query, text]: readonly [string, State, string, string],
): Attack<TwoOwners> {
  return {
    name: `a foreign job that is ${state}, by ${name}`,
    async attack(target) {
      const foreign = await way(target, query, { id: target.foreign[state].id });
      expectSame(foreign, await way(target, query, { id: absentId() }));
      return foreign;
    },
    expected: { text },
  };
}

const fields = 'id status version source { title } timeline { at }';
const links = 'result { url } preview { url } thumbnailUrl';
const action = (name: string) =>
  `mutation ($id: ID!) { it: ${name}(id: $id) { job { ${fields} } userErrors { code message path } } }`;
const deletion =
  'mutation ($id: ID!) { it: deleteJob(id: $id) { deletedJobId userErrors { code message path } } }';

const operations: readonly Attack<TwoOwners>[] = (
  [
    ['node', 'queued', `query ($id: ID!) { it: node(id: $id) { ... on Job { ${fields} } } }`],
    ['node', 'succeeded', `query ($id: ID!) { it: node(id: $id) { ... on Job { ${links} } } }`],
    ['job', 'running', `query ($id: ID!) { it: job(id: $id) { ${fields} ${links} } }`],
    ['job', 'succeeded', `query ($id: ID!) { it: job(id: $id) { ${fields} ${links} } }`],
  ] as const
)
  .map((path) => byId(ask, [...path, '{"it":null}']))
  .concat(
    byId(ask, ['nodes', 'failed', 'query ($id: ID!) { it: nodes(ids: [$id]) { id } }', '[null]']),
    (
      [
        ['cancelJob', 'queued', action('cancelJob')],
        ['cancelJob', 'running', action('cancelJob')],
        ['retryJob', 'failed', action('retryJob')],
        ['deleteJob', 'failed', deletion],
        ['deleteJob', 'succeeded', deletion],
      ] as const
    ).map((path) => byId(ask, [...path, '"code":"NOT_FOUND"'])),
    (
      [
        ['stream', 'job(id: $id) { isFinal job { id version } }', '"job":null'],
        [
          'stream from a version on',
          'job(id: $id, afterVersion: 0) { isFinal job { id } }',
          '"job":null',
        ],
        ['stream of ids', 'jobs(ids: [$id], activeOnly: false) { jobs { id } }', '"jobs":[]'],
        ['stream of active ids', 'jobs(ids: [$id]) { jobs { id } }', '"jobs":[]'],
      ] as const
    ).map(([name, field, text]) =>
      byId(watch, [`a ${name}`, 'running', `subscription ($id: ID!) { ${field} }`, text]),
    ),
  );

const list =
  'query ($f: JobFilter) { it: jobs(first: 100, filter: $f) { totalCount nodes { id } } }';

/** Says in words whose jobs an answer tells of. */
function tellWhose(target: TwoOwners, { text, ...answer }: Answer): Answer {
  const foreign = foreignIds(target).filter((id) => text.includes(id)).length;
  return { ...answer, text: `foreign: ${foreign}, own: ${text.includes(target.own.id) ? 1 : 0}` };
}

function bySearch(name: string, filterFor: (videoId: string) => object): Attack<TwoOwners> {
  return {
    name: `foreign jobs, by ${name}`,
    async attack(target) {
      const search = (videoId: string) => ask(target, list, { f: filterFor(videoId) });
      const found = await search(target.foreign.succeeded.videoId);
      expectSame(found, await search(newVideoId()));
      return found;
    },
    expected: { status: 200, text: '{"it":{"totalCount":0,"nodes":[]}}' },
  };
}

const lists: readonly Attack<TwoOwners>[] = [
  bySearch('searching for the video', (search) => ({ search })),
  bySearch('the address of the video', (id) => ({ sourceUrl: `https://youtu.be/${id}` })),
  {
    name: 'foreign jobs, by their states',
    attack: (target) => ask(target, list, { f: { statuses: ['RUNNING', 'FAILED', 'SUCCEEDED'] } }),
    expected: { status: 200, text: '{"it":{"totalCount":0,"nodes":[]}}' },
  },
  {
    name: 'foreign jobs, in the list of everything',
    attack: async (target) => tellWhose(target, await ask(target, list, { f: null })),
    expected: { status: 200, text: 'foreign: 0, own: 1' },
  },
  ...(['after', 'before'] as const).map((side) => ({
    name: `foreign jobs, ${side} a cursor of their owner’s`,
    async attack(target: TwoOwners) {
      const query = `query ($c: String) { it: jobs(${side}: $c) { nodes { id } } mine: jobs { nodes { id } } }`;
      const { data } = await target.owner.send('{ jobs(first: 2) { pageInfo { endCursor } } }');
      return tellWhose(target, await ask(target, query, { c: data.jobs.pageInfo.endCursor }));
    },
    expected: { status: 200, text: 'foreign: 0, own: 1' },
  })),
  {
    name: 'foreign jobs, in a stream of everything while one is made',
    async attack(target) {
      await using socket = await openSocket(target.url, target.stranger.headers());
      socket.subscribe('all', 'subscription { jobs(activeOnly: false) { jobs { id } } }');
      await socket.receive('all');
      const [theirs, ours] = [await request(target.owner), await request(target.stranger)];
      // Whatever had come of theirs had come before this.
      const second = JSON.stringify(await socket.receive('all', 1));
      expect(second).toContain(ours);
      const text = JSON.stringify(socket.messages);
      expect(text).not.toContain(theirs);
      return tellWhose(target, { text });
    },
    expected: { text: 'foreign: 0, own: 1' },
  },
];

async function request(visitor: Visitor): Promise<string> {
  const query = 'mutation ($url: String!) { requestMp3(url: $url) { job { id } } }';
  const { data } = await visitor.send(query, { url: `https://youtu.be/${newVideoId()}` });
  return data.requestMp3.job.id;
}

export const foreignJobAttacks: readonly Attack<TwoOwners>[] = [...operations, ...lists];
