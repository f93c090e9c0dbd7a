require('./parts/index.cjs').run('migrate-schemas');
