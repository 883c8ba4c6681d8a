import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
const units = '/etc/systemd/system';

const FAULTS: readonly Fault[] = [
  {
    id: 'unit-missing',
    fault: `printf '#!/bin/sh\\n### BEGIN INIT INFO\\n# Provides: counter\\n# Default-Start: 2 3 4 5\\n# Default-Stop: 0 1 6\\n# Required-Start:\\n# Required-Stop:\\n### END INIT INFO\\nexit 0\\n' >/etc/init.d/counter; chmod +x /etc/init.d/counter`,
    command: 'systemctl start counter',
    proof: 'systemctl is-active counter',
  },
  {
    id: 'unit-start-limit',
    fault: `printf '[Unit]\\nStartLimitBurst=1\\nStartLimitIntervalSec=1h\\n[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/usr/bin/test -e /srv/ready\\n' >${units}/limited.service
systemctl start limited || touch /srv/ready`,
    command: 'systemctl start limited',
    proof: 'systemctl is-active limited',
  },
  {
    id: 'unit-not-active',
    fault: `printf '[Service]\\nExecStart=/bin/sleep 1d\\nExecReload=/bin/touch /srv/reloaded\\n' >${units}/idle.service`,
    command: 'systemctl reload idle',
    proof: 'test -e /srv/reloaded',
  },
  {
    id: 'bus-down',
    fault: 'systemctl stop dbus.socket dbus.service',
    command: 'busctl --no-pager list',
  },
  {
    id: 'run-folder-missing',
    fault: `echo 'd /run/app 0755 root root -' >/etc/tmpfiles.d/app.conf`,
    command: 'echo 1 >/run/app/pid',
    proof: 'test -s /run/app/pid',
  },
  {
    id: 'sshd-run-folder',
    fault: 'mv /run/sshd /run/sshd.away',
    command: '/usr/sbin/sshd -t',
  },
  {
    id: 'folder-missing',
    fault: ':',
    state: { kind: 'file', path: '/srv/deep/er/page', content: 'page\n' },
  },
  {
    id: 'target-folder-missing',
    fault: ':',
    command: 'cp /etc/hostname /srv/copies/of/hostname',
    proof: 'test -s /srv/copies/of/hostname',
  },
  {
    id: 'key-folder-missing',
    fault: ':',
    command: "ssh-keygen -q -t ed25519 -N '' -f /srv/keys/id",
    proof: 'test -s /srv/keys/id && test "$(stat -c %a /srv/keys)" = 700',
  },
  {
    id: 'mount-point-missing',
    fault: ':',
    command: 'mount -t tmpfs -o size=1m tmpfs /srv/mounted',
    proof: 'mountpoint -q /srv/mounted',
  },
  {
    id: 'text-busy',
    fault:
      'cp /bin/sleep /srv/runner; systemd-run -q --unit=runner /srv/runner 1d; until pgrep -x runner; do sleep 0.1; done',
    command: 'cp /bin/true /srv/runner',
    proof: 'cmp /bin/true /srv/runner && pgrep -x runner',
  },
  {
    id: 'not-executable',
    fault: `printf '#!/bin/sh\\ntouch /srv/nox-ran\\n' >/srv/nox.sh`,
    command: '/srv/nox.sh',
    proof: 'test -e /srv/nox-ran && test "$(stat -c %a /srv/nox.sh)" = 744',
  },
  {
    id: 'carriage-returns',
    fault: `printf '#!/bin/sh\\r\\ntouch /srv/cr-ran\\r\\n' >/srv/cr.sh; chmod +x /srv/cr.sh`,
    command: '/srv/cr.sh',
    proof: 'test -e /srv/cr-ran',
  },
  {
    id: 'temporary-folder-closed',
    fault: 'chmod 0755 /tmp',
    command: 'TMPDIR= runuser -u nobody mktemp /tmp/tmp.XXXXXXXXXX',
  },
  {
    id: 'bash-needed',
    fault: ':',
    command: 'words=(one two)\necho "${words[1]}" >/srv/second',
    proof: 'grep -qx two /srv/second',
  },
  { id: 'terminal-unnamed', fault: ':', command: 'tput cols >/srv/columns', proof: 'test -s /srv/columns' },
  {
    id: 'open-files',
    fault: ':',
    command: `python3 -c 'import resource; held = [open("/etc/hostname") for _ in range(2000)]; open("/srv/many", "w").write("x")'`,
    proof: 'test -s /srv/many',
  },
  {
    id: 'library-unknown',
    fault: `library=$(dpkg -L libpopt0 | grep 'libpopt.so.0$'); folder=$(dirname "$library")
mkdir -p /usr/local/lib; cp -L "$library" /usr/local/lib/libpopt.so.0; rm "$folder"/libpopt.so.0*`,
    command: 'rsync --version',
  },
  {
    id: 'group-missing',
    fault: ':',
    state: { kind: 'user', name: 'worker', groups: ['workers'] },
  },
  {
    id: 'certificate-unknown',
    fault: `mkdir -p /srv/ca; cd /srv/ca
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out certificate.pem -days 3 -subj /CN=localhost -addext subjectAltName=DNS:localhost
cp certificate.pem /usr/local/share/ca-certificates/lab.crt
systemd-run -q --unit=secure openssl s_server -accept 8443 -cert /srv/ca/certificate.pem -key /srv/ca/key.pem -www
until curl -sk -o /dev/null https://localhost:8443/; do sleep 0.1; done`,
    command: 'curl -sS -o /dev/null https://localhost:8443/',
  },
  {
    id: 'server-busy',
    fault: `cat >/srv/busy.py <<'END'
import http.server, os
class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200 if os.path.exists('/srv/calm') else 503); self.end_headers()
http.server.HTTPServer(('127.0.0.1', 8098), Server).serve_forever()
END
systemd-run -q --unit=busy python3 /srv/busy.py
until curl -s -o /dev/null http://127.0.0.1:8098/; do sleep 0.1; done
systemd-run -q --unit=calm sh -c 'sh /srv/after-first-run server-busy; touch /srv/calm'`,
    command: 'curl -sSf http://127.0.0.1:8098/',
  },
  {
    id: 'names-not-yet',
    fault: `cp /etc/resolv.conf /srv/resolv.conf; echo nameserver 127.0.0.1 >/etc/resolv.conf
systemd-run -q --unit=names sh -c 'until [ -e /srv/names-failed ]; do sleep 0.2; done; echo 127.0.0.1 names.lab >>/etc/hosts; cp /srv/resolv.conf /etc/resolv.conf'`,
    command: `python3 -c 'import socket; socket.getaddrinfo("names.lab", 80)' || { touch /srv/names-failed; exit 1; }`,
  },
  {
    id: 'local-port-closed',
    // all but listening before the step begins: the correction gives it five seconds, and no more
    fault: `cat >/srv/slow.py <<'END'
import http.server, subprocess
server = http.server.HTTPServer(('127.0.0.1', 8097), http.server.SimpleHTTPRequestHandler, False)
server.server_bind()
open('/srv/bound', 'w').close()
subprocess.run(['sh', '/srv/after-first-run', 'local-port-closed'])
server.server_activate()
server.serve_forever()
END
systemd-run -q --unit=slow python3 /srv/slow.py
until [ -e /srv/bound ]; do sleep 0.1; done`,
    command: 'curl -sS -o /dev/null http://127.0.0.1:8097/',
  },
];

describe.skipIf(!available.booted)(`corrections of system faults ${available.why}`, () => {
  let lab: CorrectionLab;
  let first: FaultRun;
  beforeAll(async () => {
    lab = await CorrectionLab.open(211);
    first = await lab.meet(FAULTS);
  });
  afterAll(async () => await lab?.[Symbol.asyncDispose]());

  it.each(FAULTS)('$id: corrected once, run again once, proved (A09, T22)', fault => {
    const step = stepOfRun(first, fault.id);
    expect(step).toMatchObject({ outcome: 'changed' });
    expect(namesOf(step.corrections)).toEqual([fault.id]);
    expect(step.corrections[0]?.diff.length).toBeGreaterThan(0);
    const name = nameOf(fault);
    expect(appliesOf(first, name)).toEqual([`apply: ${name}`, `apply once more: ${name}`]);
    if (fault.command !== undefined) expect(first.counts.get(fault.id)).toBe(2);
  });

  it('never makes the target of a command wider: `rm -rf build ./cache` (T23)', async () => {
    const run = await lab.meet([
      {
        id: 'wider',
        fault: `mkdir -p /srv/t23/build /srv/t23/cache /cache; touch /cache/kept /srv/t23/cache/file
mount -t tmpfs -o size=1m tmpfs /srv/t23/build`,
        command: 'cd /srv/t23\nrm -rf build ./cache',
      },
    ]);
    const step = stepOfRun(run, 'wider');
    expect(step).toMatchObject({ outcome: 'failed', corrections: [] });
    expect(run.counts.get('wider')).toBe(1);
    expect((await lab.host.run('ls /cache; ls -d /srv/t23/build')).stdout).toBe('kept\n/srv/t23/build\n');
  });

  it('what cannot be repaired says its cause, also when only the journal has it', async () => {
    const run = await lab.meet([
      {
        id: 'port',
        fault: `systemd-run -q --unit=holder python3 -m http.server 8090 --bind 127.0.0.1
until curl -s -o /dev/null http://127.0.0.1:8090/; do sleep 0.1; done
printf '[Service]\nType=notify\nExecStart=/usr/bin/python3 -m http.server 8090 --bind 127.0.0.1\n' >${units}/second.service`,
        command: 'systemctl start second',
        proof: 'systemctl is-active second',
      },
    ]);
    const { error } = stepOfRun(run, 'port');
    expect(error).toMatchObject({ code: 'step.check-failed', details: { signature: 'port-in-use' } });
    expect(error?.hint).toContain('ss -ltnp');
    expect(run.counts.get('port')).toBe(1);
  });
});
