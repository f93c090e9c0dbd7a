require('./index.cjs').run('health-check');
