// GraphQL over HTTP, as its specification has it: https://graphql.github.io/graphql-over-http/draft/

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { sendRaw } from '../../support/rawHttp.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

const audits = serverAudits({ url: () => `${app.url}/graphql` });

/**
 * Three permissions that we do not use: they let a plain GET be answered, which any page on the web could send in
 * a visitor's name. Apollo's protection against that stays on.
 */
const declined = new Set(['5A70', 'D6D5', '6A70']);

describe('the audit of the package graphql-http', () => {
  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    '%s %s',
    async (id, _, audit) => {
      const result = await audit.fn();
      const reason = result.status === 'ok' ? '' : result.reason;
      expect({ status: result.status, reason }).toEqual(
        declined.has(id)
          ? { status: 'notice', reason: 'Response status code is not 200' }
          : { status: 'ok', reason: '' },
      );
    },
  );

  test('is complete', () => {
    expect(audits.length).toBeGreaterThanOrEqual(61);
  });
});

const json = { 'content-type': 'application/json' };

describe('what else holds', () => {
  test('a mutation by GET is refused, and nothing is done', async () => {
    const query = encodeURIComponent(
      'mutation { requestMp3(url: "youtu.be/dQw4w9WgXcQ") { outcome } }',
    );
    const { status, headers } = await sendRaw(app.url, `/graphql?query=${query}`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(status).toBe(405);
    expect(headers.allow).toBe('POST');
    const { rows } = await app.database.pool.query(`select count(*)::integer from tapedeck.jobs`);
    expect(rows).toEqual([{ count: 0 }]);
  });

  test('a query by GET is answered to whoever proves not to be a mere link', async () => {
    const path = `/graphql?query=${encodeURIComponent('{ queueStats { queued } }')}`;
    const linked = await sendRaw(app.url, path);
    expect(linked.status).toBe(400);
    const { status, body } = await sendRaw(app.url, path, { headers: json });
    expect({ status, body: JSON.parse(body.toString()) }).toEqual({
      ...{ status: 200, body: { data: { queueStats: { queued: 0 } } } },
    });
  });

  test('forms and plain text are refused: any page could send them', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const { status } = await sendRaw(app.url, '/graphql', {
        ...{ method: 'POST', body: '{"query":"{ __typename }"}' },
        headers: { 'content-type': type },
      });
      expect([400, 415]).toContain(status);
    }
  });

  test('batches are refused', async () => {
    const { status } = await sendRaw(app.url, '/graphql', {
      ...{ method: 'POST', headers: json, body: '[{"query":"{ __typename }"}]' },
    });
    expect(status).toBe(400);
  });

  test('a subscription by POST is refused in words: it goes over WebSocket', async () => {
    const query = 'subscription { queueStats { queued } }';
    const refused = {
      errors: [
        {
          message: 'Subscriptions are served over WebSocket (graphql-transport-ws) only.',
          extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
        },
      ],
    };
    for (const [accept, status] of [
      ['application/json', 200],
      ['application/graphql-response+json', 400],
    ] as const) {
      const posted = await sendRaw(app.url, '/graphql', {
        ...{ method: 'POST', headers: { ...json, accept }, body: JSON.stringify({ query }) },
      });
      expect([posted.status, JSON.parse(posted.body.toString())]).toEqual([status, refused]);
    }
  });

  test('Apollo’s own page is off: a browser gets no page from /graphql', async () => {
    const { status, body } = await sendRaw(app.url, '/graphql', {
      headers: { accept: 'text/html' },
    });
    expect(status).toBe(400);
    expect(body.toString()).not.toMatch(/<html|apollographql|sandbox/i);
  });

  test('every answer carries its request’s id, no two the same', async () => {
    const ids = new Set<unknown>();
    for (const path of [
      '/livez',
      '/graphql',
      '/nowhere',
      '/files/x/y',
      '/graphql?query={__typename}',
    ]) {
      const { headers } = await sendRaw(app.url, path);
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      ids.add(headers['x-request-id']);
    }
    expect(ids.size).toBe(5);
  });

  test('a caller’s own request id is not taken over', async () => {
    const { headers } = await sendRaw(app.url, '/livez', { headers: { 'x-request-id': 'evil' } });
    expect(headers['x-request-id']).not.toBe('evil');
  });

  test('introspection answers, descriptions included', async () => {
    const { body } = await sendRaw(app.url, '/graphql', {
      ...{ method: 'POST', headers: json },
      body: JSON.stringify({
        query: `{ schema: __schema { types { name description specifiedByURL fields { name description args { name description } }
                  enumValues { name description } inputFields { name description } } } }`,
      }),
    });
    const { types } = JSON.parse(body.toString()).data.schema;
    expect(types).toContainEqual(
      expect.objectContaining({
        name: 'DateTime',
        specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
      }),
    );
    const silent: string[] = [];
    for (const { name, description, fields, enumValues, inputFields } of types) {
      if (name.startsWith('__')) continue;
      if (!description) silent.push(name);
      for (const member of [...(fields ?? []), ...(enumValues ?? []), ...(inputFields ?? [])]) {
        if (!member.description) silent.push(`${name}.${member.name}`);
        for (const argument of member.args ?? []) {
          if (!argument.description) silent.push(`${name}.${member.name}(${argument.name})`);
        }
      }
    }
    expect(silent).toEqual([]);
  });
});
