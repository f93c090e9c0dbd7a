/** Tests are TypeScript modules that Node runs as they stand: the transform only strips the types. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types.cjs' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  injectGlobals: false,
};

/** Folders of integration tests that share nothing but the servers. */
const withOwnDatabases = ['database', 'django', 'migrations', 'provisioning'];

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
      displayName: 'databases',
      testMatch: [`<rootDir>/__tests__/integration/{${withOwnDatabases.join(',')}}/**/*.test.ts`],
    },
    {
      ...common,
      displayName: 'lab',
      // What shares the lab's hosts, or needs programs that are not npm packages.
      testMatch: ['<rootDir>/__tests__/{integration,end-to-end,workflows}/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        `/__tests__/integration/(${withOwnDatabases.join('|')})/`,
        '/__tests__/end-to-end/line\\.test\\.ts$',
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
