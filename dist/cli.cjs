#!/usr/bin/env node
require('./parts/cli.cjs').cli(process.argv.slice(2), process.env).then((code) => process.exit(code));
