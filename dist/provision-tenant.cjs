require('./index.cjs').run('provision-tenant');
