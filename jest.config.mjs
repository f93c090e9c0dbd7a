/** Tests are TypeScript modules that Node runs as they stand: the transform only strips the types. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types.cjs' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  injectGlobals: false,
};

/** Tests that share nothing but the database servers, or have a lab of their own. */
const apart = [
  'integration/database',
  'integration/django',
  'integration/migrations',
  'integration/provisioning',
  'end-to-end/fleet',
];

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
      displayName: 'apart',
      testMatch: apart.map((place) => `<rootDir>/__tests__/${place}{.test.ts,/**/*.test.ts}`),
    },
    {
      ...common,
      displayName: 'lab',
      // What shares the lab's hosts, or needs programs that are not npm packages.
      testMatch: ['<rootDir>/__tests__/{integration,end-to-end,workflows}/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        '/end-to-end/line\\.test\\.ts$',
        ...apart.map((place) => `/__tests__/${place}[./]`),
      ],
    },
    {
      ...common,
      displayName: 'line',
      // It stops the database that others use, too.
      testMatch: ['<rootDir>/__tests__/end-to-end/line.test.ts'],
    },
  ],
  testTimeout: 120_000,
};
