import { describe, expect, test } from '@jest/globals';
import { whyTaskFailed, whyTaskWaits } from '../../../src/deployment/gate/why-task.ts';
import {
  courseOf,
  failedTask,
  isOf,
  isPulling,
  waitingTask,
} from '../../../src/deployment/swarm/service-course.ts';
import type { Service, SwarmNode, Task } from '../../../src/docker/service.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const settingsLabel = 'tenantry.settings';

function task(version: 'old' | 'new', state: string, changes: Partial<Task> = {}): Task {
  return {
    id: `${version}-${state}`,
    slot: 1,
    nodeId: 'n1',
    image: `registry.example.com/shop@${digest(version === 'new' ? 'b' : 'a')}`,
    labels: { [settingsLabel]: version },
    forced: 0,
    state,
    wanted: ['failed', 'rejected', 'complete', 'shutdown'].includes(state) ? 'shutdown' : 'running',
    message: '',
    error: '',
    exitCode: 0,
    createdAt: new Date(1_000),
    since: new Date(2_000),
    ...changes,
  };
}

const aim = { digest: digest('b'), settings: 'new', forced: 0 };
const isNew = (one: Task) => isOf(aim, one, settingsLabel);
const nodes: SwarmNode[] = ['n1', 'n2', 'n3'].map((id) => ({
  id,
  name: id,
  platform: 'linux/amd64',
  isUp: true,
  isActive: true,
}));
const service = (state?: string, replicas: number | undefined = 2) =>
  ({ replicas, update: state && { state, message: 'update paused due to failure' } }) as unknown as Service;
const both = (version: 'old' | 'new') => [task(version, 'running'), task(version, 'running', { slot: 2 })];

describe('how far a change has come', () => {
  test.each([
    ['updating', [task('new', 'running'), task('old', 'running')], 'under way', 'one is exchanged'],
    ['updating', [...both('new'), task('old', 'running')], 'under way', 'an old one still runs'],
    ['updating', both('new'), 'watched', 'all are exchanged, Swarm still watches'],
    ['completed', both('new'), 'done', 'Swarm is done'],
    [undefined, both('new'), 'done', 'nothing to exchange'],
    ['completed', both('old'), 'under way', 'completed was an update of before'],
    ['completed', [task('new', 'running')], 'under way', 'one is missing'],
    ['completed', [task('new', 'running'), task('new', 'starting')], 'under way', 'one is not healthy yet'],
    ['rollback_started', both('new'), 'going back', 'Swarm goes back'],
    ['rollback_completed', both('old'), 'gone back', 'no error to Swarm, and not what was asked for'],
    ['rollback_completed', both('new'), 'gone back', 'what runs does not matter then'],
    ['paused', both('new'), 'stuck', 'Swarm has given up'],
    ['rollback_paused', both('old'), 'stuck', 'also on its way back'],
  ])('%s, %#: %s', (state, tasks, now, _why) => {
    expect(courseOf(service(state), tasks as Task[], { nodes, isNew }).now).toBe(now);
  });

  test('old tasks that still end, unless nobody hears of them any more', () => {
    const leaving = task('old', 'running', { wanted: 'shutdown' });
    const look = (tasks: Task[]) => courseOf(service('completed'), tasks, { nodes, isNew });
    expect(look([...both('new'), leaving])).toEqual({ now: 'done', leaving: true });
    expect(look([...both('new'), { ...leaving, nodeId: 'gone' }])).toEqual({ now: 'done', leaving: false });
    expect(look([...both('new'), { ...leaving, state: 'shutdown' }])).toEqual({
      now: 'done',
      leaving: false,
    });
  });

  test('one on every node: all that Swarm has made', () => {
    const everywhere = { ...service(undefined), replicas: undefined } as Service;
    expect(courseOf(everywhere, both('new'), { nodes, isNew }).now).toBe('done');
    expect(courseOf(everywhere, [], { nodes, isNew }).now).toBe('under way');
    expect(courseOf(everywhere, [...both('new'), task('old', 'running')], { nodes, isNew }).now).toBe(
      'under way',
    );
  });
});

test.each([
  [task('new', 'running'), true, 'as asked for'],
  [task('old', 'running'), false, 'another digest'],
  [task('new', 'running', { labels: { [settingsLabel]: 'old' } }), false, 'the same image, other settings'],
  [task('new', 'running', { forced: 1 }), false, 'made anew since'],
])('%#: is it of this change? %s', (one, expected, _why) => {
  expect(isNew(one as Task)).toBe(expected);
});

test('the newest failure of the new version counts, and not those that were known before', () => {
  const early = task('new', 'failed', { id: 'early', since: new Date(1) });
  const late = task('new', 'rejected', { id: 'late', since: new Date(2) });
  const old = task('old', 'failed', { id: 'old', since: new Date(3) });
  expect(failedTask([early, late, old], { isNew, since: new Set() })?.id).toBe('late');
  expect(failedTask([early, late, old], { isNew, since: new Set(['late', 'early']) })).toBeUndefined();
});

test('a task without a node, and an image on its way', () => {
  const waiting = task('new', 'pending', {
    error: 'no suitable node (scheduling constraints not satisfied)',
  });
  expect(waitingTask([task('new', 'pending'), waiting], { isNew })).toBe(waiting);
  expect(waitingTask([task('new', 'pending')], { isNew })).toBeUndefined();
  expect(isPulling([task('new', 'preparing')])).toBe(true);
  expect(isPulling([task('new', 'starting')])).toBe(false);
  expect(whyTaskWaits('shop (v2)', waiting, 5_000).sentence).toBe(
    'shop (v2) found no node within 5.0 s — Swarm says: no suitable node (scheduling constraints not satisfied) — add a node, free what the tasks need (ports, memory), or correct the placement of the service',
  );
});

test.each([
  [
    task('new', 'failed', { error: 'task: non-zero exit (1)', exitCode: 1 }),
    'container-stopped',
    'shop (v2) stopped on web-2 — KeyError: SECRET',
  ],
  [
    task('new', 'failed', {
      error: 'task: non-zero exit (143): dockerexec: unhealthy container',
      exitCode: 143,
    }),
    'container-unhealthy',
    'shop (v2) did not become healthy on web-2 — its health check failed, and Swarm ended it; its last line: KeyError: SECRET',
  ],
  [
    task('new', 'complete'),
    'container-unhealthy',
    'shop (v2) did not stay on web-2 — it ended without an error: its health check failed and Swarm ended it, or it ended by itself; its last line: KeyError: SECRET',
  ],
  [
    task('new', 'rejected', { error: 'No such image: shop@sha256:bbbb' }),
    'image-not-found',
    'shop (v2) cannot be started on web-2 — that node cannot pull shop@sha256:bbbb',
  ],
  [
    task('new', 'rejected', {
      error: 'invalid mount config for type "bind": bind source path does not exist: /srv/x',
    }),
    'mount-source-missing',
    'Cannot start shop (v2) on web-2 — the server has no /srv/x',
  ],
])('why it failed, %#', (one, code, message) => {
  const log = { text: 'starting\nKeyError: SECRET', lastLine: 'KeyError: SECRET' };
  const why = whyTaskFailed('shop (v2)', one as Task, {
    node: 'web-2',
    memory: 0,
    hasHealthCheck: true,
    log,
  });
  expect(why).toMatchObject({ code, message });
});

test('without a health check, what ended without an error ended by itself', () => {
  const log = { text: 'done', lastLine: 'done' };
  const why = whyTaskFailed('shop (v2)', task('new', 'complete'), {
    node: 'web-2',
    memory: 0,
    hasHealthCheck: false,
    log,
  });
  expect(why).toMatchObject({ code: 'container-ended' });
});
