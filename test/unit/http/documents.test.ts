import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildSchema, getIntrospectionQuery, getOperationAST, parse } from 'graphql';
import { createDocuments, documentIdOf } from '../../../src/http/documents.ts';
import { largestShape, measureDocument } from '../../../src/http/documentShape.ts';
import { costOf, largestCost } from '../../../src/http/operationCost.ts';
import * as pageDocuments from '../../../web/page/api/documents.generated.ts';

const folder = (path: string) => new URL(`../../../${path}/`, import.meta.url);
const readAll = (path: string) =>
  readdirSync(folder(path))
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => [name, readFileSync(new URL(name, folder(path)), 'utf8')] as const);

const schema = buildSchema(
  readAll('src/schema')
    .map(([, text]) => text)
    .join('\n'),
);
const ofPage = Object.entries(pageDocuments)
  .filter(([name]) => name.endsWith('Document'))
  .map(([name, document]) => [name, document.toString()] as const);

/** As GraphiQL asks, which wants everything. */
const introspection = getIntrospectionQuery({
  ...{ descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true },
  ...{ schemaDescription: true, inputValueDeprecation: true, oneOf: true },
});
const longestLists = {
  first: 100,
  ids: Array.from({ length: 100 }, () => 'x'),
  heldIds: Array.from({ length: 100 }, () => 'x'),
};

describe('what our own clients send', () => {
  const gate = createDocuments(schema, { introspection: true, trustedDocuments: 'prefer' });

  test.each([
    ...ofPage,
    ...readAll('web/graphiql/tabs'),
    ['GraphiQL’s introspection', introspection] as const,
  ])('%s is served, with room to spare', (_, text) => {
    const { document, faults } = gate.judge(text);
    expect(faults).toEqual([]);
    const shape = measureDocument(document!);
    expect(shape.fields).toBeLessThanOrEqual(largestShape.fields / 2);
    expect(shape.depth).toBeLessThanOrEqual(largestShape.depth - 5);
    const operation = getOperationAST(document!)!;
    const cost = costOf(schema, { document: document!, operation, variables: longestLists });
    expect(cost).toBeLessThanOrEqual(largestCost / 2);
  });

  test('there are some', () => {
    expect(ofPage.length).toBeGreaterThan(5);
  });
});

describe('trusted documents', () => {
  test.each(ofPage)('%s of the page is one, by its text and by its id', (_, text) => {
    const only = createDocuments(schema, { introspection: true, trustedDocuments: 'only' });
    expect(only.judge(text)).toMatchObject({ refused: false, faults: [] });
    expect(only.textOf(documentIdOf(text))).not.toBeNull();
  });

  test('only: whatever else there is is refused, introspection too, before it is parsed', () => {
    const only = createDocuments(schema, { introspection: true, trustedDocuments: 'only' });
    for (const text of ['{ queueStats { queued } }', introspection, '{ nope }']) {
      const { refused, faults } = only.judge(text);
      expect({ refused, code: faults[0]?.extensions['code'] }).toEqual({
        ...{ refused: true, code: 'DOCUMENT_NOT_TRUSTED' },
      });
    }
  });

  test('off: no id is known', () => {
    const off = createDocuments(schema, { introspection: true, trustedDocuments: 'off' });
    expect(ofPage.map(([, text]) => off.textOf(documentIdOf(text)))).toEqual(
      ofPage.map(() => null),
    );
  });
});

test('without introspection the schema is not told, __typename is', () => {
  const gate = createDocuments(schema, { introspection: false, trustedDocuments: 'off' });
  expect(gate.judge(introspection).faults[0]?.message).toMatch(/introspection/);
  expect(gate.judge('{ __type(name: "Job") { name } }').document).toBeNull();
  expect(gate.judge('{ __typename }').faults).toEqual([]);
});

describe('measuring', () => {
  test('a fragment counts as often as it is spread, also when that is beyond counting', () => {
    const bomb = Array.from(
      { length: 400 },
      (_, index) => `fragment F${index} on Q { a { ...F${index + 1} } b { ...F${index + 1} } }`,
    );
    const text = `{ ...F0 } ${bomb.join(' ')} fragment F400 on Q { a }`;
    expect(measureDocument(parse(text)).fields).toBeGreaterThan(1e100);
  });

  test('fragments that go round end', () => {
    const text = '{ ...A } fragment A on Q { a ...B } fragment B on Q { b { ...A } }';
    expect(measureDocument(parse(text)).fields).toBeGreaterThan(0);
  });

  test('spreading out a fragment by hand changes nothing that is counted of fields', () => {
    const selection = fc.letrec<{ set: string }>((tie) => ({
      set: fc
        .array(
          fc.oneof(
            { maxDepth: 3 },
            fc.constant('a'),
            tie('set').map((set) => `b ${set}`),
          ),
          {
            ...{ minLength: 1, maxLength: 4 },
          },
        )
        .map((fields) => `{ ${fields.join(' ')} }`),
    })).set;
    fc.assert(
      fc.property(selection, selection, (outer, inner) => {
        const byHand = measureDocument(parse(`{ x ${outer} y { ... ${inner} } }`));
        const spread = measureDocument(parse(`{ x ${outer} y { ...F } } fragment F on Q ${inner}`));
        expect(spread).toEqual({ ...byHand, fragments: 1 });
      }),
    );
  });
});

describe('cost', () => {
  const cost = (text: string, variables = {}) => {
    const document = parse(text);
    return costOf(schema, { document, operation: getOperationAST(document)!, variables });
  };

  test('a list costs as much as it was asked for, however that was said', () => {
    const nodes = 'nodes { progress { phase } }';
    const of = (first: number) => cost(`{ jobs(first: ${first}) { ${nodes} } }`);
    expect(of(100) - of(50)).toBe(of(50) - of(0));
    expect(of(7)).toBe(cost(`query ($n: Int) { jobs(first: $n) { ${nodes} } }`, { n: 7 }));
    expect(of(7)).toBe(cost(`query ($n: Int = 7) { jobs(first: $n) { ${nodes} } }`));
    expect(of(20)).toBe(cost(`{ jobs { ${nodes} } }`));
  });

  test('fragments hide nothing', () => {
    expect(
      cost(
        '{ jobs { ...A } } fragment A on JobConnection { nodes { ...B } } fragment B on Job { source { site } }',
      ),
    ).toBe(cost('{ jobs { nodes { source { site } } } }'));
  });

  test('a negative or absurd length neither earns nor overflows', () => {
    expect(cost('{ jobs(first: -5) { nodes { id } } }')).toBeGreaterThan(0);
    expect(cost('{ jobs(first: 2147483647) { nodes { id } } }')).toBeLessThan(1_000);
  });
});
