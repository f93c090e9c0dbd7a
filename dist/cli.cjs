#!/usr/bin/env node
require('./index.cjs').cli(process.argv.slice(2), process.env).then((code) => process.exit(code));
