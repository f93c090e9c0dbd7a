/**
 * Tests for `npm test -- --whole`, every night. The ways of other people's scripts do not change by a commit here. The
 * jobs of the examples, written out, are those that the reusable workflows have, and these are run by each commit. What
 * the plan says of each state, the tests of the catalogue see through the whole action. How the lab's servers are and
 * break, everything that is tested on them sees.
 */
export const atNight: readonly string[] = [
  'integration/migrations/old-ways',
  'integration/migrations/plan-states',
  'integration/lab/breaking',
  'integration/lab/hosts',
  'end-to-end/workflow',
];
