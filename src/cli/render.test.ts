import { expect, test } from 'vitest';
import { renderPlan } from './render-plan.ts';
import { renderReport } from './render-report.ts';
import { provedReport, samplePreview, sampleReport } from '../reports/sample-run.ts';
import { makeStyle, wantsColour } from './style.ts';

const plain = makeStyle(false);

test('a plan: origin, steps with risk and effects, equal hosts folded, differences, no escape of theirs', () => {
  expect(renderPlan(samplePreview, plain)).toBe(`\
Plan 3f9a1c2e41d7  A page that says hello is served on port 8080
  intent: serve hello on port 8080
  runbook serve-page, 94 % sure
  port = 8080
  assumes nginx may be installed

Steps
  1. Install nginx  nginx  privileged
       package nginx
       touches package nginx
  2. Put the page in place  page  change
       file /srv/index.html
       touches path /srv/index.html
       after nginx

Hosts
  web-1, web-2 (2 hosts): 2 changes pending
    nginx  package nginx
        present: no → yes
    page  file /srv/index.html
        content:
        - old
        + hello
          same
    does not hold now: http://127.0.0.1:8080/ answers with hello
  web-3: nothing to change
  web-4: ssh.refused: 192.0.2.4:22 refused the connection.
    hint: Check the port, and that sshd is running.

To be proved on every host
  http://127.0.0.1:8080/ answers with hello
`);
});

test('a report: steps, corrections and proofs with their command runs, the cause and what to do next', () => {
  expect(renderReport(sampleReport, plain)).toMatch(`\
web-1: proved  1 changed, 1 correction, 4 round trips
  ✓ changed   Install nginx (2.1 s)
      package nginx [run-apply]
      corrected waited for the package lock [run-again]
        run first: (none) → apt-get -y -q install
  = unchanged Put the page in place (3 ms)
  ✓ proved    http://127.0.0.1:8080/ answers with hello [run-proof]
      │ hello

web-2: failed  nothing changed, 1 round trip
  host.disk-full: web-2: / has 0 bytes left.
  next: `);
  expect(renderReport(sampleReport, plain)).toMatch(
    /\n\nFailed on 1 of 2 hosts: web-2 \(host\.disk-full\) in 3\.2 s \(agent-1\)\n$/,
  );
});

test('colours only when asked for', () => {
  expect(renderReport(provedReport, makeStyle(true))).toContain('\u001b[32m');
  expect(renderReport(provedReport, plain)).not.toContain('\u001b');
  expect(wantsColour(true, {})).toBe(true);
  expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
  expect(wantsColour(false, {})).toBe(false);
  expect(wantsColour(false, { FORCE_COLOR: '1' })).toBe(true);
});
