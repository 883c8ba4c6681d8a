import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAuditLog } from '../../src/store/audit-log.ts';
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

/** A repository inside the host: packages by dpkg-deb, lists by hand, served by python. */
const REPOSITORY = `
mkdir -p /srv/repo /srv/fault
cat >/srv/repo.sh <<'END'
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
cd /srv/repo
make() { # make NAME VERSION [CONTROL LINE] [CONFIGURATION] [PROGRAM] [FILLING BYTES] [ITS NAME]
  d=$(mktemp -d); mkdir -p $d/DEBIAN $d/usr/share/$1
  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: t <t@t>\\nDescription: test\\n' "$1" "$2" >$d/DEBIAN/control
  if [ -n "\${3-}" ]; then echo "$3" >>$d/DEBIAN/control; fi
  if [ -n "\${4-}" ]; then mkdir -p $d/etc; echo "$4" >$d/etc/$1.conf; echo /etc/$1.conf >$d/DEBIAN/conffiles; fi
  if [ -n "\${5-}" ]; then mkdir -p $d/usr/bin; printf '#!/bin/sh\\n%s\\n' "$5" >$d/usr/bin/\${7:-$1}; chmod 755 $d/usr/bin/\${7:-$1}; fi
  if [ -n "\${6-}" ]; then head -c $6 /dev/urandom >$d/usr/share/$1/data; fi
  chmod -R go=rX $d; chmod 755 $d
  dpkg-deb -b --root-owner-group $d /srv/repo/$1_$2_all.deb >/dev/null; rm -r $d
}
index() { # a later time each: the server tells by it whether the lists are new
  for f in *.deb; do
    dpkg-deb -f $f
    printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' $f $(stat -c %s $f) $(sha256sum <$f | cut -d' ' -f1)
  done >/srv/Packages
  echo x >>/srv/repo/.times
  touch -d "2020-01-01 $(wc -l </srv/repo/.times) minutes" /srv/Packages
  cp -p /srv/Packages Packages
}
update() { apt-get -q -o APT::Update::Error-Mode=any update; }
# holds LOCK until the command of the step has run once, and a moment longer: the correction has to wait
hold() { # hold fcntl|flock LOCK ID
  rm -f /srv/held
  setsid python3 - "$@" >/dev/null 2>&1 <<'PY' &
import fcntl, subprocess, sys, time
how, lock, name = sys.argv[1:]
file = open(lock, 'r+')
(fcntl.lockf if how == 'fcntl' else fcntl.flock)(file, fcntl.LOCK_EX)
open('/srv/held', 'w').close()
subprocess.run(['sh', '/srv/after-first-run', name])
time.sleep(2)
PY
  until [ -e /srv/held ]; do sleep 0.1; done
}
END
cat >/srv/server.py <<'END'
import http.server, os
class Server(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if 'lab-busy' in self.path and not os.path.exists('/srv/calm'): self.send_error(503)
        else: super().do_GET()
http.server.ThreadingHTTPServer(('127.0.0.1', 8099), Server).serve_forever()
END
systemd-run -q --unit=repo --working-directory=/srv/repo python3 /srv/server.py
mkdir /root/sources; mv /etc/apt/sources.list.d/* /root/sources/
rm -rf /var/lib/apt/lists/*
echo 'deb [trusted=yes] http://127.0.0.1:8099/ ./' >/etc/apt/sources.list.d/lab.list
. /srv/repo.sh
make lab-first 1; index
until curl -s -o /dev/null http://127.0.0.1:8099/Packages; do sleep 0.2; done
update`;

const begin = '. /srv/repo.sh\n';
const install = 'DEBIAN_FRONTEND=noninteractive apt-get install -y -q';

/** A program whose package is not there, and is one in the repository. */
function missing(program: string, name = program, command = `${program} --version`): Fault {
  return {
    id: `program-missing-${program}`,
    fault: `${begin}dpkg -r --force-depends ${name}; make ${name} 99 '' '' 'cat 2>/dev/null || :' '' ${program}; index; update; if command -v ${program}; then exit 1; fi`,
    command,
  };
}

const FAULTS: readonly Fault[] = [
  {
    id: 'apt-lists-stale',
    fault: `${begin}make lab-later 1; index`,
    state: { kind: 'package', name: 'lab-later' },
  },
  {
    id: 'apt-package-moved',
    fault: `${begin}make lab-moved 1; index; update; rm lab-moved_1_all.deb; make lab-moved 2; index`,
    state: { kind: 'package', name: 'lab-moved' },
  },
  {
    id: 'apt-size-changed',
    fault: `${begin}make lab-sized 1; index; update; make lab-sized 1 'Section: misc'; index`,
    state: { kind: 'package', name: 'lab-sized' },
  },
  {
    id: 'apt-version-unknown',
    fault: `${begin}make lab-newer 1; index; update; make lab-newer 2; index`,
    command: `${install} lab-newer=2`,
    proof: 'grep -qx 2 /usr/share/lab-newer/version || dpkg-query -W lab-newer | grep -q "2$"',
  },
  {
    id: 'apt-lists-damaged',
    fault: `${begin}make lab-damaged 1; index; update; for f in /var/lib/apt/lists/*_Packages; do echo garbage >$f; done`,
    state: { kind: 'package', name: 'lab-damaged' },
  },
  {
    id: 'apt-unmet-dependencies',
    fault: `${begin}make lab-needs 1 'Depends: lab-helper'; make lab-helper 1; make lab-plain 1; index; update; dpkg -i --force-depends lab-needs_1_all.deb`,
    state: { kind: 'package', name: 'lab-plain' },
  },
  {
    id: 'apt-lock',
    fault: `${begin}make lab-locked 1; index; update; hold fcntl /var/lib/dpkg/lock-frontend apt-lock`,
    command: `${install} lab-locked`,
    proof: 'dpkg-query -W lab-locked',
  },
  {
    id: 'apt-lists-locked',
    fault: `${begin}hold fcntl /var/lib/apt/lists/lock apt-lists-locked`,
    command: 'apt-get -q update',
  },
  {
    id: 'apt-mirror-busy',
    fault: `${begin}make lab-busy 1; index; update`,
    command: `if [ "$(wc -l </srv/count/apt-mirror-busy)" -gt 1 ]; then touch /srv/calm; fi; ${install} -o Acquire::Retries=0 lab-busy`,
    proof: 'dpkg-query -W lab-busy',
  },
  {
    id: 'dpkg-lock',
    fault: `${begin}make lab-direct 1; hold fcntl /var/lib/dpkg/lock-frontend dpkg-lock`,
    command: 'dpkg -i /srv/repo/lab-direct_1_all.deb',
    proof: 'dpkg-query -W lab-direct',
  },
  {
    id: 'dpkg-interrupted',
    fault: `${begin}make lab-after 1; index; update; touch /var/lib/dpkg/updates/0001`,
    state: { kind: 'package', name: 'lab-after' },
  },
  {
    id: 'dpkg-conffile',
    fault: `${begin}make lab-conf 1 '' one; make lab-conf 2 '' two; dpkg -i lab-conf_1_all.deb; echo mine >/etc/lab-conf.conf`,
    command: 'dpkg -i /srv/repo/lab-conf_2_all.deb',
  },
  {
    id: 'debconf-locked',
    fault: `${begin}hold flock /var/cache/debconf/config.dat debconf-locked`,
    command: 'echo "lab lab/answer string yes" | debconf-set-selections',
  },
  {
    id: 'program-missing-jq',
    fault: `${begin}make jq 1 '' '' 'echo jq-1'; index; update`,
    command: 'jq --version',
  },
  {
    id: 'apt-cache-full',
    fault: `${begin}make lab-big 1 '' '' '' 400000; index; update
mount -t tmpfs -o size=1m tmpfs /var/cache/apt/archives; mkdir /var/cache/apt/archives/partial
head -c 900000 /dev/urandom >/var/cache/apt/archives/old_1_all.deb`,
    command: `${install} lab-big`,
    proof: 'dpkg-query -W lab-big',
  },
  missing('xz', 'xz-utils', 'tar -cJf /srv/done.tar.xz /etc/hostname'),
  missing('bzip2', 'bzip2', 'tar -cjf /srv/done.tar.bz2 /etc/hostname'),
  missing('zstd', 'zstd', 'tar --zstd -cf /srv/done.tar.zst /etc/hostname'),
  missing('unzip'),
  missing('rsync'),
  missing('wget'),
  missing('git'),
  missing('curl'),
];

describe.skipIf(!available.booted)(`corrections of package faults ${available.why}`, () => {
  let lab: CorrectionLab;
  let first: FaultRun;
  beforeAll(async () => {
    lab = await CorrectionLab.open(210);
    await lab.bash(REPOSITORY);
    first = await lab.meet(FAULTS);
  });
  afterAll(async () => await lab?.[Symbol.asyncDispose]());

  it.each(FAULTS)('$id: corrected once, run again once, proved (A09, T22)', fault => {
    const step = stepOfRun(first, fault.id);
    expect(step).toMatchObject({ outcome: 'changed' });
    expect(namesOf(step.corrections)).toEqual([fault.id]);
    expect(step.corrections[0]?.diff.length).toBeGreaterThan(0);
    expect(appliesOf(first, nameOf(fault))).toEqual([
      `apply: ${nameOf(fault)}`,
      `apply once more: ${nameOf(fault)}`,
    ]);
    if (fault.command !== undefined) expect(first.counts.get(fault.id)).toBe(2);
  });

  it('each is in the audit log, as the policy judged it (A17)', async () => {
    const log = await readAuditLog(join(lab.folder, 'state'));
    const made = log.filter(({ action }) => action === 'correction.made');
    expect(made.map(({ why }) => why.split(':')[0])).toEqual(FAULTS.map(({ id }) => id));
    for (const { class: found, command } of made)
      expect([command, found]).toEqual([command, expect.stringMatching(/^(read-only|change)$/)]);
  });

  it('a second run changes nothing', async () => {
    const again = await lab.meet(FAULTS);
    expect(again.report.outcome).toBe('proved');
    expect(again.host.steps.map(({ outcome }) => outcome)).toEqual(FAULTS.map(() => 'unchanged'));
    expect(again.counts).toEqual(first.counts);
  });

  const stale = (id: string): Fault => ({
    id,
    fault: `${begin}make lab-${id} 1; index`,
    command: `${install} lab-${id}`,
    proof: `dpkg-query -W lab-${id}`,
  });

  it('switched off for a run, or in the settings: explained, not made', async () => {
    for (const [id, options] of [
      ['off-for-run', { corrections: false }],
      ['off-in-settings', { overrides: { 'corrections.off': 'apt-lists-stale' } }],
    ] as const) {
      const run = await lab.meet([stale(id)], options);
      const step = stepOfRun(run, id);
      expect(step).toMatchObject({ outcome: 'failed', corrections: [], error: { code: 'command.failed' } });
      expect(step.error?.message).toContain('Unable to locate package');
      expect(step.error?.hint).toContain('apt-lists-stale');
      expect(run.counts.get(id)).toBe(1);
    }
    const wrong = lab.meet([stale('wrong')], { overrides: { 'corrections.off': 'apt-lists-stael' } });
    await expect(wrong).rejects.toMatchObject({ code: 'settings.invalid' });
  });

  it('where the policy asks, a yes to the plan is none to the correction', async () => {
    const run = await lab.meet([stale('asked')], { overrides: { 'policy.mode': 'ask' } });
    expect(stepOfRun(run, 'asked')).toMatchObject({
      outcome: 'failed',
      corrections: [],
      error: { code: 'policy.needs-approval' },
    });
    expect(run.counts.get('asked')).toBe(1);
    const log = await readAuditLog(join(lab.folder, 'state'));
    expect(log.at(-1)).toMatchObject({ action: 'correction.asked', hosts: [lab.host.name] });
  });

  it('a tool that ends with 0 and has failed is not believed, and explained', async () => {
    const run = await lab.meet([
      {
        id: 'quiet',
        fault: `echo 'deb http://mirror.example.invalid/debian trixie main' >/etc/apt/sources.list.d/gone.list
echo 'nameserver 127.0.0.1' >/etc/resolv.conf`,
        command: 'apt-get -q update',
        proof: 'ls /var/lib/apt/lists/*mirror.example*_InRelease',
      },
    ]);
    const { error } = stepOfRun(run, 'quiet');
    expect(error).toMatchObject({ code: 'step.check-failed' });
    expect(error?.message).toContain('cannot resolve');
  });
});
