require('./index.cjs').run('parse-db-url');
