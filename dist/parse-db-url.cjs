require('./parts/index.cjs').run('parse-db-url');
