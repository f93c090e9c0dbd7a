require('./index.cjs').run('migrate-schemas');
