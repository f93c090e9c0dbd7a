require('./parts/index.cjs').run('health-check');
