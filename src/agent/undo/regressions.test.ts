import { expect, test } from 'vitest';
import { planSchema, type Step } from '../../core/plan.ts';
import { mayLoseWayIn, regressionsOf } from './regressions.ts';

const stepOf = (...states: readonly object[]): Step =>
  planSchema.parse({ intent: '', goal: 'x', steps: [{ id: 's', title: 'x', states }] }).steps[0] as Step;
const plain = stepOf({ kind: 'file', path: '/srv/x' });
const BEFORE = [
  'unit a.service active',
  'unit b.service active',
  'listen 0.0.0.0:80 nginx',
  'listen [::]:22 sshd',
];
const after = (...gone: readonly string[]): readonly string[] =>
  BEFORE.filter(line => !gone.some(word => line.includes(word)));

test('nothing is lost where all of it is still there', () => {
  expect(regressionsOf(plain, BEFORE, [...BEFORE, 'listen 0.0.0.0:81 other'])).toEqual([]);
});

test('a unit that no longer runs, one that has failed, and a listener are named', () => {
  expect(regressionsOf(plain, BEFORE, [...after('a.service'), 'unit a.service failed'])).toEqual([
    'a.service ran before and has failed now',
  ]);
  expect(regressionsOf(plain, BEFORE, after('b.service'))).toEqual([
    'b.service ran before and does not run now',
  ]);
  expect(regressionsOf(plain, BEFORE, [...BEFORE, 'unit new.service failed'])).toEqual([
    'new.service has failed',
  ]);
  expect(regressionsOf(plain, BEFORE, after(':80'))).toEqual([
    'nothing listens on 0.0.0.0:80 now; it was nginx',
  ]);
  expect(regressionsOf(plain, ['listen 0100007F:1F90 ?'], [])).toEqual(['nothing listens on port 8080 now']);
});

test('what has failed before is not laid at the door of the step', () => {
  expect(regressionsOf(plain, ['unit a.service failed'], ['unit a.service failed'])).toEqual([]);
});

test('what the step itself stops, removes or moves is meant', () => {
  const stops = stepOf({ kind: 'service', name: 'a', running: false, enabled: false });
  expect(regressionsOf(stops, BEFORE, after('a.service', ':80'))).toEqual([]);
  expect(regressionsOf(stops, BEFORE, after('b.service'))).toHaveLength(1);
  const slice = stepOf({ kind: 'service', name: 'a.slice', running: false, enabled: false });
  expect(regressionsOf(slice, ['unit a.slice active'], [])).toEqual([]);
  const removes = stepOf({ kind: 'package', name: 'a', ensure: 'absent' });
  expect(regressionsOf(removes, BEFORE, after('a.service', ':80'))).toEqual([]);
  expect(regressionsOf(plain, BEFORE, [...after(':80'), 'listen 0.0.0.0:8080 nginx'])).toEqual([]);
});

test('what a step beside it stops is that step’s to tell', () => {
  expect(regressionsOf(plain, BEFORE, after('a.service', ':80'), ['a.service'])).toEqual([]);
  expect(regressionsOf(plain, BEFORE, [...BEFORE, 'unit n.service failed'], ['n.service'])).toEqual([]);
  expect(regressionsOf(plain, BEFORE, after('b.service'), ['a.service'])).toHaveLength(1);
});

test('a forward of somebody who logged out is no loss', () => {
  expect(regressionsOf(plain, ['listen 127.0.0.1:6010 sshd-session'], [])).toEqual([]);
});

test.each([
  [plain, false],
  [stepOf({ kind: 'line', path: '/etc/ssh/sshd_config', line: 'x' }), true],
  [stepOf({ kind: 'line', path: '/root/.ssh/authorized_keys', line: 'x' }), true],
  [stepOf({ kind: 'file', path: '/etc/group' }), true],
  [stepOf({ kind: 'file', path: '/etc/nologin' }), true],
  [stepOf({ kind: 'file', path: '/etc/firewalld/zones/public.xml' }), true],
  [stepOf({ kind: 'file', path: '/etc/nsswitch.conf' }), true],
  [stepOf({ kind: 'directory', path: '/etc/pam.d' }), true],
  [stepOf({ kind: 'service', name: 'nftables' }), true],
  [stepOf({ kind: 'command', title: 'x', script: 'x', creates: '/x' }), true],
])('a login is tried after what may lose it', (step, expected) => {
  expect(mayLoseWayIn(step)).toBe(expected);
});
