require('./index.cjs').run('tenantry');
