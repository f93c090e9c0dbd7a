/**
 * Tests for `npm test -- --whole`, every night. The ways of other people's scripts do not change by a commit here. The
 * jobs of the examples, written out, are those that the reusable workflows have, and these are run by each commit.
 */
export const atNight: readonly string[] = ['integration/migrations/old-ways', 'end-to-end/workflow'];
