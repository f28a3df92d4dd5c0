// The moving pictures as one plain script, and their style, for the web site: it is read from files, too, where browsers load no modules.
const fs = require('fs');
const path = require('path');
const { rspack } = require('@rspack/core');

const site = path.resolve(__dirname, '../autograder/build/site/static');

fs.mkdirSync(site, { recursive: true });
fs.copyFileSync(path.resolve(__dirname, 'style/play.css'), path.join(site, 'play.css'));
rspack(
  {
    mode: 'production',
    entry: path.resolve(__dirname, 'lib/play/site.js'),
    output: { path: site, filename: 'play.js', library: { name: 'play', type: 'var' } },
    target: ['web', 'es2020']
  },
  (error, stats) => {
    if (error || stats.hasErrors()) {
      console.error(error ?? stats.toString('errors-only'));
      process.exitCode = 1;
    }
  }
);
