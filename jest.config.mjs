// Five kinds of tests, slowest last. Node strips the types, so jest transforms nothing.
import { isFull } from './test/support/scale.mjs';

const shared = {
  testEnvironment: '<rootDir>/test/support/environment.ts',
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/setup.ts'],
};
const withDatabase = {
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
};

/** @type {import('jest').Config} */
export default {
  // Most of the time they wait; more than two would make each other late.
  maxWorkers: 2,
  // In one process the files' modules add up to gigabytes, whose collection stops it for seconds.
  workerIdleMemoryLimit: '400MB',
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    {
      ...shared,
      ...withDatabase,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
    },
    {
      ...shared,
      ...withDatabase,
      displayName: 'security',
      testMatch: ['<rootDir>/test/security/**/*.test.ts'],
    },
    {
      ...shared,
      ...withDatabase,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
    },
    {
      ...shared,
      ...withDatabase,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
    },
    {
      ...shared,
      ...withDatabase,
      displayName: 'reliability',
      // What takes minutes is run by `npm run test:reliability` alone.
      testMatch: [`<rootDir>/test/reliability/${isFull ? '**/' : ''}*.test.ts`],
    },
  ],
};
