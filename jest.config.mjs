/** Tests are TypeScript modules that Node runs as they stand: the transform only strips the types. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types.cjs' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  injectGlobals: false,
};

export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '/__tests__/(integration|end-to-end|workflows)/'],
    },
    {
      ...common,
      displayName: 'lab',
      // What needs servers, or programs that are not npm packages.
      testMatch: ['<rootDir>/__tests__/{integration,end-to-end,workflows}/**/*.test.ts'],
    },
  ],
  testTimeout: 120_000,
};
