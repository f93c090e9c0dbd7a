// The transform of the tests: Node's own type stripping, the same that runs `node src/cli.ts`.
const { stripTypeScriptTypes } = require('node:module');

module.exports = {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
