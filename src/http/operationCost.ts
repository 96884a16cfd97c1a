// What one operation may cost to answer, reckoned before it runs: the objects that it can make, and more for
// what takes the database longer. How much a caller may spend over time is not decided here.

import { getNamedType, GraphQLError, isCompositeType, Kind } from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  GraphQLNamedType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql';
import { mostJobIds } from '../services/jobQueries.ts';

type Variables = Readonly<Record<string, unknown>> | null | undefined;

/** An operation that would be executed. */
export type Operation = {
  /** Validated. */
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** As they came. */
  readonly variables: Variables;
};

/** More than twice the dearest of the page's own: its stream of all jobs. */
export const largestCost = 6_000;

/** Objects cost 1 and plain values nothing, but for these. */
const weights: Readonly<Record<string, number>> = {
  'Query.queueStats': 5,
  'Subscription.queueStats': 5,
  // Percentiles over all jobs of the window.
  'QueueStats.window': 20,
  'QueueStats.series': 20,
  'QueueStats.failures': 20,
  // It counts up to 10,000 rows.
  'JobConnection.totalCount': 20,
  'Job.queuePosition': 1,
};
const mutationWeight = 10;

/** How long a list is of which nobody said so. */
const usualLengths: Readonly<Record<string, number>> = {
  'Query.jobs': 20,
  // Its first frame may hold 500, once in the life of a stream; most callers have fewer.
  'Subscription.jobs': 300,
};

/** Refuses an operation that would cost more than any that is served; null when it would not. */
export function findOverspending(cost: number): GraphQLError | null {
  if (cost <= largestCost) return null;
  return new GraphQLError(
    `The operation would cost ${cost}, and at most ${largestCost} is served; ask for shorter lists, or in several requests.`,
    { extensions: { code: 'OPERATION_TOO_EXPENSIVE', cost, largestCost } },
  );
}

/** The cost of an operation; every list is taken to be as long as it was asked for. */
export function costOf(
  schema: GraphQLSchema,
  { document, operation, variables }: Operation,
): number {
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const ofSelections = ({ selections }: SelectionSetNode, parent: GraphQLNamedType): number =>
    selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FIELD) return sum + ofField(selection, parent);
      const part =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (part === undefined) return sum;
      const type = part.typeCondition && schema.getType(part.typeCondition.name.value);
      return sum + ofSelections(part.selectionSet, type ?? parent);
    }, 0);
  const ofField = (field: FieldNode, parent: GraphQLNamedType): number => {
    const declared = 'getFields' in parent ? (parent.getFields()[field.name.value] ?? null) : null;
    // __typename, and introspection, whose size documentShape.ts bounds.
    if (declared === null || !('args' in declared)) return 0;
    const type = getNamedType(declared.type);
    const isMutation = parent === schema.getMutationType();
    const own =
      (weights[`${parent.name}.${field.name.value}`] ?? (isCompositeType(type) ? 1 : 0)) +
      (isMutation ? mutationWeight : 0);
    if (field.selectionSet === undefined) return own;
    const usual = usualLengths[`${parent.name}.${field.name.value}`] ?? 1;
    const times = lengthAsked(field, operation, variables) ?? usual;
    return own + times * ofSelections(field.selectionSet, type);
  };
  const root = schema.getRootType(operation.operation);
  return root ? ofSelections(operation.selectionSet, root) : 0;
}

/**
 * How many items a field was asked for; null when that is not said. What is longer than any list of ours is
 * refused by who makes the list, in better words.
 */
function lengthAsked(
  { arguments: given = [] }: FieldNode,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Variables,
): number | null {
  const argument = given.find(({ name }) => ['first', 'last', 'ids'].includes(name.value));
  if (argument === undefined) return null;
  let length = lengthOf(argument.value);
  if (argument.value.kind === Kind.VARIABLE) {
    const name = argument.value.name.value;
    const declared = variableDefinitions.find(({ variable }) => variable.name.value === name);
    const value = variables?.[name];
    if (typeof value === 'number') length = value;
    else if (Array.isArray(value)) length = value.length;
    else if (declared?.defaultValue) length = lengthOf(declared.defaultValue);
  }
  return length === null ? null : Math.min(Math.max(0, length), mostJobIds);
}

function lengthOf(value: ValueNode): number | null {
  if (value.kind === Kind.INT) return Number(value.value);
  return value.kind === Kind.LIST ? value.values.length : null;
}
