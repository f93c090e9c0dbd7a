require('./index.cjs').run('deploy-container');
