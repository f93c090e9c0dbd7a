require('./parts/index.cjs').run('report-line');
