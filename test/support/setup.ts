// Runs before every test file: what all of them share.

import { jest } from '@jest/globals';

// Real databases, real tools and a busy machine: a hang is told from slowness by a wide margin.
jest.setTimeout(120_000);

// Node's own modules throw errors of the world outside jest's. In a real process these are Errors like any
// other, which graphql-js and our own code tell from other things by `instanceof`.
const isOrdinaryInstance = Function.prototype[Symbol.hasInstance];
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, thing: unknown): boolean {
    const isInstance = isOrdinaryInstance.call(this as () => void, thing);
    return isInstance || (this === Error && Error.isError(thing));
  },
});
