// The order of the tests of `npm test`: no long suite begins last, when nobody is left to share the rest of the time.
const { statSync } = require('node:fs');
const { relative, join } = require('node:path');

/** What takes more than a minute, the longest first, by the times of a whole run. */
const longest = [
  'end-to-end/scenarios',
  'integration/migrations/resume',
  'integration/deployment/bridge',
  'integration/migrations/catalogue',
  'integration/migrations/old-ways',
  'end-to-end/workflow',
  'integration/everywhere/places',
  'integration/migrations/engines',
  'integration/deployment/deploy-container',
  'integration/migrations/rollout',
  'integration/deployment/proxies',
  'integration/provisioning/provision',
  'integration/migrations/fake-initial',
  'end-to-end/line',
  'integration/migrations/lock',
  'integration/migrations/plan-states',
  'integration/deployment/swarm',
  'integration/deployment/releases',
  'integration/migrations/migrate',
  'integration/provisioning/modes',
  'integration/provisioning/faults',
  'end-to-end/fleet',
  'integration/django/worker',
  'integration/diagnosis/diagnosis',
  'integration/provisioning/people-and-lists',
  'integration/backup/backup',
  'end-to-end/demo',
  'integration/django/worker-failures',
  'end-to-end/tenants-workflow',
  'integration/everywhere/tunnel',
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
