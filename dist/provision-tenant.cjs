require('./parts/index.cjs').run('provision-tenant');
