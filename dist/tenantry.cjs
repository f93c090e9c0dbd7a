require('./parts/index.cjs').run('tenantry');
