import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../src/api/contract.ts';
import { labAvailable } from '../lab/lab.ts';
import {
  appliesOf,
  CorrectionLab,
  type Fault,
  type FaultRun,
  nameOf,
  namesOf,
  stepOfRun,
} from './correction-lab.ts';

const available = labAvailable();

/** Two repositories: `/srv/g`, and `/srv/NAME` cloned from it for each fault. */
const PREPARATION = `
apt-get -q -y --no-install-recommends install nginx git postgresql >/dev/null
systemctl stop nginx
git init -q -b main /srv/g
cd /srv/g
git config user.name lab; git config user.email lab@lab
echo one >page; git add page; git commit -qm one; git branch feature
for name in identity names locked owner changes; do git clone -q /srv/g /srv/$name; done`;

/** A quick machine starts nginx so often that systemd would refuse the next start. */
const STOP_NGINX = 'systemctl stop nginx; systemctl reset-failed nginx';

/** postgresql.service only stands for its clusters: its own stop does not wait for theirs. */
const STOP_POSTGRES = "systemctl stop postgresql 'postgresql@*'";

/** A start that does not come to its end before the command has met it: recovery waits for a file. */
const HOLD_POSTGRES = `${STOP_POSTGRES}; touch /srv/recovery-held
cd /var/lib/postgresql/*/main
runuser -u postgres -- touch recovery.signal
echo "restore_command = 'while [ -e /srv/recovery-held ]; do sleep 0.1; done; false'" >>/etc/postgresql/*/main/postgresql.conf
systemctl start --no-block postgresql
until pg_isready | grep -q rejecting; do sleep 0.1; done
systemd-run -q --unit=recovery sh -c 'sh /srv/after-first-run postgres-starting; sleep 1; rm /srv/recovery-held'`;

const FAULTS: readonly Fault[] = [
  {
    id: 'nginx-log-folder',
    fault: 'rm -rf /var/log/nginx',
    command: 'systemctl start nginx',
    proof: 'systemctl is-active nginx',
  },
  {
    id: 'nginx-work-folder',
    fault: `${STOP_NGINX}; rm -rf /var/lib/nginx`,
    state: { kind: 'service', name: 'nginx' },
  },
  {
    id: 'nginx-not-running',
    fault: `${STOP_NGINX}; mkdir -p /var/log/nginx /var/lib/nginx; : >/run/nginx.pid`,
    command: 'nginx -s reload',
  },
  {
    id: 'git-identity',
    fault: ':',
    command: 'cd /srv/identity; echo two >note; git add note; git commit -qm two',
    proof: 'git -C /srv/identity log -1 --format=%an | grep -qx deckhand',
  },
  {
    id: 'git-names-stale',
    fault: 'cd /srv/g; git branch -D feature; git branch feature/next',
    command: 'git -C /srv/names fetch -q',
    proof: 'git -C /srv/names rev-parse -q --verify origin/feature/next',
  },
  {
    id: 'git-locked',
    fault: `touch /srv/locked/.git/index.lock
systemd-run -q --unit=other-git sh -c 'sh /srv/after-first-run git-locked; sleep 2; rm /srv/locked/.git/index.lock'`,
    command: 'cd /srv/locked; echo three >page; git -C /srv/locked add page',
    proof: 'git -C /srv/locked diff --cached --name-only | grep -qx page',
  },
  {
    id: 'postgres-down',
    fault: STOP_POSTGRES,
    command: 'runuser -u postgres -- psql -c "select 1"',
  },
  { id: 'postgres-starting', fault: HOLD_POSTGRES, command: 'runuser -u postgres -- psql -c "select 1"' },
  {
    id: 'python-venv',
    fault: ':',
    command: 'python3 -m venv /srv/venv',
    proof: 'test -x /srv/venv/bin/pip',
  },
  { id: 'python-pip', fault: ':', command: 'python3 -m pip --version' },
];

/** What always asks, and one that needs another login: TMPDIR comes with it. */
const ASKING: readonly Fault[] = [
  {
    id: 'unit-masked',
    fault: `${STOP_NGINX}; systemctl mask nginx`,
    state: { kind: 'service', name: 'nginx' },
  },
  {
    id: 'git-owner',
    fault: 'chown -R nobody /srv/owner',
    command: 'git -C /srv/owner status --short',
  },
  {
    id: 'git-local-changes',
    fault: `git -C /srv/changes remote prune origin
cd /srv/g; echo four >page; git commit -qam four; echo mine >/srv/changes/page`,
    command: 'git -C /srv/changes pull -q --ff-only',
    proof: 'grep -qx four /srv/changes/page',
  },
  { id: 'temporary-folder-unknown', fault: ':', command: 'mktemp' },
];

describe.skipIf(!available.booted)(`corrections of programs ${available.why}`, () => {
  let lab: CorrectionLab;
  let first: FaultRun;
  let asked: FaultRun;
  const questions: ApprovalRequest[] = [];
  beforeAll(async () => {
    lab = await CorrectionLab.open(212);
    await lab.bash(PREPARATION);
    first = await lab.meet(FAULTS);
    await lab.bash('echo TMPDIR=/nowhere >>/etc/environment');
    asked = await lab.meet(ASKING, {
      approve: question => {
        questions.push(question);
        return Promise.resolve('approve');
      },
    });
  });
  afterAll(async () => await lab?.[Symbol.asyncDispose]());

  it.each([...FAULTS, ...ASKING])('$id: corrected once, run again once, proved (A09, T22)', fault => {
    const run = FAULTS.includes(fault) ? first : asked;
    const step = stepOfRun(run, fault.id);
    expect(step).toMatchObject({ outcome: 'changed' });
    expect(namesOf(step.corrections)).toEqual([fault.id]);
    expect(step.corrections[0]?.diff.length).toBeGreaterThan(0);
    const name = nameOf(fault);
    expect(appliesOf(run, name)).toEqual([`apply: ${name}`, `apply once more: ${name}`]);
    if (fault.command !== undefined) expect(run.counts.get(fault.id)).toBe(2);
  });

  it('the cause was read from the journal where the tool names only that', () => {
    const looks = first.host.commandRuns.filter(({ purpose }) => purpose.startsWith('look: the reason'));
    expect(looks.map(({ stdout }) => stdout).join('')).toContain('/var/log/nginx/error.log');
  });

  it('what a person should see was asked, by what it would do, and noted', async () => {
    expect(questions.flatMap(({ correction }) => correction ?? [])).toEqual([
      expect.stringContaining('unmask'),
      expect.stringContaining('another account'),
      expect.stringContaining('by hand'),
    ]);
    const decisions = asked.events.flatMap(event => (event.kind === 'correction' ? [event.decision] : []));
    expect(decisions).toEqual(['approved', 'approved', 'approved', 'run']);
    // nothing of what was changed by hand is lost
    expect((await lab.host.run('git -C /srv/changes stash show -p')).stdout).toContain('+mine');
  });

  it('without a person the same is not made', async () => {
    const again = { ...ASKING[0]!, id: 'unit-masked-again' };
    const run = await lab.meet([again]);
    expect(stepOfRun(run, again.id)).toMatchObject({
      outcome: 'failed',
      corrections: [],
      error: { code: 'policy.needs-approval' },
    });
    expect((await lab.host.run('systemctl is-enabled nginx')).stdout.trim()).toBe('masked');
  });
});
