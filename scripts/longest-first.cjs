// The order of the tests of `npm test`: no long suite begins last, when nobody is left to share the rest of the time.
const { statSync } = require('node:fs');
const { relative, join } = require('node:path');

/** What takes more than a minute and a half, the longest first, by the times of a whole run. */
const longest = [
  'integration/deployment/bridge',
  'end-to-end/workflow',
  'integration/deployment/deploy-container',
  'end-to-end/demo',
  'integration/migrations/resume',
  'integration/everywhere/places',
  'integration/migrations/engines',
  'integration/migrations/rollout',
  'integration/migrations/catalogue',
  'end-to-end/line',
  'integration/deployment/proxies',
  'integration/migrations/lock',
  'end-to-end/fleet',
  'integration/provisioning/provision',
  'integration/migrations/fake-initial',
  'integration/deployment/releases',
  'integration/diagnosis/diagnosis',
  'integration/migrations/migrate',
  'integration/deployment/swarm',
  'integration/migrations/plan-states',
  'integration/migrations/old-ways',
  'integration/provisioning/people-and-lists',
  'integration/provisioning/faults',
  'integration/everywhere/tunnel',
  'integration/django/worker',
  'integration/backup/backup',
  'integration/provisioning/modes',
];

const folder = join(__dirname, '../__tests__');

function placeOf(path) {
  const place = longest.indexOf(relative(folder, path).replace(/\.test\.ts$/, ''));
  return place === -1 ? longest.length : place;
}

module.exports = class LongestFirst {
  static longest = longest;

  /** What is not named follows, large files first. */
  sort(tests) {
    return [...tests]
      .map((test) => ({ test, place: placeOf(test.path), size: statSync(test.path).size }))
      .sort((one, other) => one.place - other.place || other.size - one.size)
      .map(({ test }) => test);
  }

  /** Jest would keep the times of this run: it is this list that says them. */
  cacheResults() {}
};
