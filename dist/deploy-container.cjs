require('./parts/index.cjs').run('deploy-container');
