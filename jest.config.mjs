import { atNight } from './scripts/at-night.ts';

/** Tests are TypeScript modules that Node runs as they stand: the transform only strips the types. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types.cjs' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  injectGlobals: false,
};

/** Tests that share nothing but the database servers. */
const apart = [
  'integration/backup',
  'integration/comparison',
  'integration/compatibility',
  'integration/database',
  'integration/django',
  'integration/lab/databases',
  'integration/lab/fleet',
  'integration/migrations',
  'integration/provisioning',
  'end-to-end/fleet',
];

const left = process.env.TENANTRY_TESTS === 'whole' ? [] : atNight.map((place) => `/__tests__/${place}[./]`);

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
      testPathIgnorePatterns: ['/node_modules/', ...left],
    },
    {
      ...common,
      displayName: 'lab',
      // What needs servers for itself, or programs that are not npm packages.
      testMatch: ['<rootDir>/__tests__/{integration,end-to-end,workflows}/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...apart.map((place) => `/__tests__/${place}[./]`), ...left],
    },
  ],
  testTimeout: 120_000,
};
