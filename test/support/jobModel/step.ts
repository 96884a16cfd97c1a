// What every command of the model is made of: a name for the counterexample, when it is possible, what it does.

import fc from 'fast-check';
import type { Model } from './model.ts';
import type { Fault, World } from './world.ts';

export type Step = {
  readonly name: string;
  readonly isPossible?: (model: Model) => boolean;
  readonly run: (model: Model, world: World) => Promise<void>;
};

export const owner = fc.constantFrom('ann', 'bob', 'cleo');
export const place = fc.nat(7);
export const fault = fc.constantFrom<Fault>(
  'NONE',
  'NONE',
  'NONE',
  'NONE',
  'REFUSED',
  'UNANSWERED',
);
export const pick = <Item>(items: readonly Item[], at: number): Item => {
  const item = items[at % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};
export const hasJobs = ({ jobs }: Model) => jobs.length > 0;
