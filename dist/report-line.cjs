require('./index.cjs').run('report-line');
