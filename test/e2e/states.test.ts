import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stateSchema, type State } from '../../src/core/state.ts';
import { compileChecks, createMarker, type CheckItem } from '../../src/states/compile-checks.ts';
import { parseChecks } from '../../src/states/parse-checks.ts';
import { applyState } from '../../src/states/registry.ts';
import type { Observation } from '../../src/states/state-kind.ts';
import { bootHost, labAvailable, type LabHost, type LabResult } from '../lab/lab.ts';

const available = labAvailable();
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKzZ0000000000000000000000000000000000000000 first@home';
const OTHER_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKzZ1111111111111111111111111111111111111111 second@home';

const state = (input: object): State => stateSchema.parse(input);

describe.skipIf(!available.booted)(`states on a booted Debian host ${available.why}`, () => {
  let host: LabHost;
  beforeAll(async () => {
    host = await bootHost(130);
  });
  afterAll(async () => {
    await host.down();
  });

  /** Scripts go by stdin: one argument of a process holds 128 KiB at most. */
  const runScript = async (script: string, user = 'root'): Promise<LabResult> => {
    const file = `/tmp/script-${randomBytes(6).toString('hex')}`;
    const line = `cat >${file} && sh ${file} </dev/null; code=$?; rm -f ${file}; exit $code`;
    return host.run(line, { input: script, user, timeoutMs: 300_000 });
  };
  const checkAll = async (items: readonly CheckItem[], user = 'root') => {
    const marker = createMarker();
    const result = await runScript(compileChecks(items, marker), user);
    expect(result).toMatchObject({ code: 0 });
    return parseChecks(Buffer.from(result.stdout), marker, items);
  };
  const check = async (wanted: State, user = 'root'): Promise<Observation> => {
    const seen = (await checkAll([{ id: 'x', state: wanted }], user)).get('x');
    if (!seen) throw new Error('no observation');
    return seen;
  };
  const apply = (wanted: State) => runScript(applyState(wanted));
  /** Change is seen, made, seen to hold; applying once more changes nothing that `stamp` prints. */
  const converge = async (wanted: State, stamp = 'true'): Promise<Observation> => {
    const before = await check(wanted);
    expect(before.holds).toBe(false);
    expect(await apply(wanted)).toMatchObject({ code: 0 });
    expect(await check(wanted)).toMatchObject({ holds: true, diff: [] });
    const after = await host.run(stamp);
    expect(await apply(wanted)).toMatchObject({ code: 0 });
    expect((await host.run(stamp)).stdout).toBe(after.stdout);
    return before;
  };

  test('package: installed, found again; a removal that would take others stops', async () => {
    const nginx = state({ kind: 'package', name: 'nginx-light' });
    const seen = await converge(nginx, 'stat -c %z /var/lib/dpkg/status');
    expect(seen.diff).toEqual([{ field: 'package', before: 'not-installed', after: 'installed' }]);
    const common = state({ kind: 'package', name: 'nginx-common', ensure: 'absent' });
    expect(await apply(common)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Removing nginx-common would also remove: '),
    });
    expect((await apply(state({ kind: 'package', name: 'no-such-package' }))).stderr).toContain(
      'Unable to locate package no-such-package',
    );
  });

  test('service: stopped, disabled, started, enabled', async () => {
    const off = state({ kind: 'service', name: 'nginx', running: false, enabled: false });
    const stamp = 'systemctl show -p StateChangeTimestamp,MainPID,UnitFileState nginx';
    expect((await converge(off, stamp)).diff.map(line => line.field)).toEqual(['running', 'enabled']);
    expect((await converge(state({ kind: 'service', name: 'nginx' }), stamp)).diff).toEqual([
      { field: 'running', before: 'inactive', after: 'active' },
      { field: 'enabled', before: 'disabled', after: 'enabled' },
    ]);
  });

  test('service: a file changed after the last state change is reloaded once, by the same process', async () => {
    const conf = '/etc/nginx/conf.d/answer.conf';
    const content = 'server { listen 127.0.0.1:8099; location / { return 200 "hello\\n"; } }\n';
    const service = state({ kind: 'service', name: 'nginx', reloadAfter: [conf, '/etc/nginx/none.conf'] });
    expect((await check(service)).holds).toBe(true);
    await converge(
      state({ kind: 'file', path: conf, content, validate: 'grep -q listen %s' }),
      `stat ${conf}`,
    );
    const pid = (await host.run('systemctl show -p MainPID nginx')).stdout;
    const seen = await converge(service, 'systemctl show -p StateChangeTimestamp nginx');
    expect(seen.diff[0]?.before).toBe(`${conf} is newer than what runs`);
    expect((await host.run('systemctl show -p MainPID nginx')).stdout).toBe(pid);
    const answers = {
      title: 'answers',
      script: "exec 3<>/dev/tcp/127.0.0.1/8099; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; grep hello <&3",
    };
    const items: CheckItem[] = [
      {
        id: 'a',
        check: {
          ...answers,
          script: `bash -c ${JSON.stringify(answers.script)}`,
          privilege: 'user',
          within: 0,
        },
      },
    ];
    expect((await checkAll(items, 'ops')).get('a')).toMatchObject({ holds: true, detail: 'hello' });
  });

  test('service: a failed reload is not forgotten', async () => {
    const conf = '/etc/nginx/conf.d/broken.conf';
    const service = state({ kind: 'service', name: 'nginx', reloadAfter: [conf] });
    await apply(state({ kind: 'file', path: conf, content: 'nonsense;\n' }));
    expect((await apply(service)).code).not.toBe(0);
    expect((await check(service)).diff[0]?.field).toBe('configuration');
    await apply(state({ kind: 'file', path: conf, ensure: 'absent' }));
    expect(await apply(service)).toMatchObject({ code: 0 });
    expect(await check(service)).toMatchObject({ holds: true });
  });

  test('service: masked, missing and failing units say so', async () => {
    await host.run('systemctl mask --now nginx');
    const nginx = state({ kind: 'service', name: 'nginx' });
    expect(await check(nginx)).toMatchObject({ holds: false, detail: expect.stringContaining('is masked.') });
    expect(await apply(nginx)).toMatchObject({ code: 1, stderr: 'Unit nginx is masked.\n' });
    await host.run('systemctl unmask nginx');
    expect(await apply(nginx)).toMatchObject({ code: 0 });
    const none = state({ kind: 'service', name: 'no-such' });
    expect((await check(none)).diff[0]).toMatchObject({ field: 'running', before: 'not-found' });
    expect(await apply(none)).toMatchObject({ code: 1, stderr: 'Unit no-such.service not found.\n' });
    // how it is started is shown as well, so it says something else; the journal is behind until it has failed
    const unit =
      '[Service]\nType=oneshot\nExecStart=/bin/sh -c "pkill -STOP -x systemd-journal; echo the reason | tr a-z A-Z; exit 7"\n[Install]\nWantedBy=multi-user.target\n';
    await apply(state({ kind: 'file', path: '/etc/systemd/system/fails.service', content: unit }));
    const later =
      'until systemctl is-failed -q fails; do sleep 0.1; done; sleep 1; pkill -CONT -x systemd-journal';
    await host.run(`systemd-run -q sh -c '${later}'`);
    const fails = await apply(state({ kind: 'service', name: 'fails' }));
    expect(fails.code).toBe(1);
    expect(fails.stderr).toContain('THE REASON');
  });

  test('service: a new unit file is seen, a changed one is loaded before the restart', async () => {
    const path = '/etc/systemd/system/sleeper.service';
    const unit = (seconds: number) =>
      `[Service]\nType=exec\nExecStart=/usr/bin/sleep ${seconds}\n[Install]\nWantedBy=multi-user.target\n`;
    const service = state({ kind: 'service', name: 'sleeper', reloadAfter: [path], reloadBy: 'restart' });
    await converge(state({ kind: 'file', path, content: unit(70_001) }));
    const command = "tr '\\0' ' ' </proc/$(systemctl show -p MainPID --value sleeper)/cmdline";
    await converge(service, command);
    await converge(state({ kind: 'file', path, content: unit(70_002) }));
    await converge(service, command);
    expect((await host.run(command)).stdout).toContain('70002');
  });

  test('user and group: made, grouped, keyed; what was there stays', async () => {
    await converge(state({ kind: 'group', name: 'crew' }), 'getent group crew');
    const stamp = 'getent passwd app; id app; find /home/app/.ssh -printf "%p %m %u %g %i %T@\\n"';
    const app = state({ kind: 'user', name: 'app', groups: ['crew'], authorizedKeys: [KEY] });
    expect((await converge(app, stamp)).diff[0]).toMatchObject({ field: 'user', before: 'absent' });
    await host.run(
      "printf '# mine\\nno-pty ssh-rsa AAAAold old' >>/home/app/.ssh/authorized_keys; chmod 644 /home/app/.ssh/authorized_keys; usermod -aG users app",
    );
    const more = state({
      kind: 'user',
      name: 'app',
      groups: ['crew'],
      shell: '/bin/sh',
      authorizedKeys: [KEY.replace('first', 'renamed'), OTHER_KEY],
    });
    expect((await converge(more, stamp)).diff).toEqual([
      { field: 'shell', before: '/bin/bash', after: '/bin/sh' },
      { field: 'authorized_keys', before: 'absent', after: OTHER_KEY },
      { field: 'authorized_keys', before: 'app 644', after: 'app 600' },
    ]);
    expect((await host.run('cat /home/app/.ssh/authorized_keys')).stdout).toBe(
      `${KEY}\n# mine\nno-pty ssh-rsa AAAAold old\n${OTHER_KEY}\n`,
    );
    expect((await host.run('stat -c "%a %U:%G" /home/app/.ssh; id -Gn app')).stdout).toBe(
      '700 app:app\napp users crew\n',
    );
    await converge(
      state({ kind: 'user', name: 'daemon-x', system: true, shell: '/usr/sbin/nologin' }),
      'id daemon-x',
    );
    await converge(state({ kind: 'group', name: 'spare' }));
    await converge(state({ kind: 'group', name: 'spare', ensure: 'absent' }));
  });

  test('user: a hostile symbolic link in the home does not lead root anywhere', async () => {
    await host.run(
      'useradd -m evil; install -d -o evil -g evil /home/evil; ln -s /root/.ssh /home/evil/.ssh; sha256sum /root/.ssh/authorized_keys >/tmp/sum; stat -c "%U %a" /root/.ssh /root/.ssh/authorized_keys >/tmp/own',
    );
    const result = await apply(state({ kind: 'user', name: 'evil', authorizedKeys: [OTHER_KEY] }));
    expect(result.code).not.toBe(0);
    expect(
      (
        await host.run(
          'sha256sum -c /tmp/sum && stat -c "%U %a" /root/.ssh /root/.ssh/authorized_keys | cmp - /tmp/own',
        )
      ).code,
    ).toBe(0);
  });

  test('file, directory, line, link as another owner, and unreadable ones as a user', async () => {
    const owned = { owner: 'app', group: 'crew' };
    await converge(
      state({ kind: 'directory', path: '/srv/my site/data', mode: '2770', ...owned }),
      'stat "/srv/my site/data"',
    );
    const path = '/srv/my site/data/-n $(id) \'".txt';
    const seen = await converge(
      state({ kind: 'file', path, content: '$(reboot)\n"\'`', mode: '0600', ...owned }),
    );
    expect(seen.diff[0]).toMatchObject({ field: 'file', before: 'absent' });
    await converge(
      state({ kind: 'line', path: '/etc/hosts', line: '10.9.9.9 my-db', replace: '[[:space:]]my-db$' }),
      'stat /etc/hosts',
    );
    await converge(
      state({ kind: 'link', path: '/srv/current', target: '/srv/my site' }),
      'stat /srv/current',
    );
    expect(await check(state({ kind: 'file', path }), 'ops')).toMatchObject({
      holds: null,
      detail: expect.stringContaining('Permission denied'),
    });
  });

  test('disk full: the message of the tool is kept, the old file too, nothing is left over', async () => {
    await host.run(
      'mkdir -p /mnt/small && mount -t tmpfs -o size=64k tmpfs /mnt/small && echo old >/mnt/small/a',
    );
    const result = await apply(state({ kind: 'file', path: '/mnt/small/a', content: 'x'.repeat(500_000) }));
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain('No space left on device');
    expect((await host.run('cat /mnt/small/a; ls -A /mnt/small')).stdout).toBe('old\na\n');
  });

  test('package: removed, and only it', async () => {
    await apply(state({ kind: 'package', name: 'nginx-light' }));
    const installed = "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' | grep ' installed$'";
    const before = (await host.run(installed)).stdout;
    await converge(state({ kind: 'package', name: 'nginx-light', ensure: 'absent' }), installed);
    expect((await host.run(installed)).stdout).toBe(before.replace('nginx-light installed\n', ''));
  });

  test('fifty states of all kinds in one script', async () => {
    const wanted = Array.from({ length: 50 }, (_, index) =>
      state(
        index % 3 === 0
          ? { kind: 'package', name: index % 2 === 0 ? 'bash' : 'no-such' }
          : index % 3 === 1
            ? { kind: 'service', name: index % 2 === 0 ? 'ssh' : 'no-such' }
            : { kind: 'directory', path: index % 2 === 0 ? '/etc' : '/no-such' },
      ),
    );
    const items = wanted.map((each, index): CheckItem => ({ id: `s${index}`, state: each }));
    // This account's login script prints on every session, in front of the answers.
    const seen = await checkAll(items, 'noisy');
    expect([...seen.values()].map(found => found.holds)).toEqual(wanted.map((_, index) => index % 2 === 0));
  });

  test('a hanging check ends by itself and the others are answered', async () => {
    const check = { title: 'hangs', privilege: 'user', within: 0 } as const;
    const seen = await checkAll([
      { id: 'hang', check: { ...check, script: 'echo waiting; sleep 500' } },
      { id: 'next', check: { ...check, script: 'true' } },
    ]);
    expect(seen.get('hang')).toMatchObject({ holds: null, detail: expect.stringContaining('30 s') });
    expect(seen.get('next')?.holds).toBe(true);
  });
});

describe.skipIf(!available.booted)(`states on a busybox host ${available.why}`, () => {
  test('what needs dpkg or systemd is undecided, files work', async () => {
    await using host = await bootHost(131, { kind: 'busybox' });
    const run = async (script: string) => {
      return host.run('cat >/tmp/script && sh /tmp/script </dev/null', { input: script });
    };
    const file = state({ kind: 'file', path: '/etc/motd', content: "it's $HOME\n", mode: '0640' });
    const items: CheckItem[] = [
      { id: 'package', state: state({ kind: 'package', name: 'nginx' }) },
      { id: 'service', state: state({ kind: 'service', name: 'nginx' }) },
      { id: 'file', state: file },
      { id: 'check', check: { title: 'free', script: 'echo free', privilege: 'user', within: 0 } },
    ];
    const ask = async () => {
      const marker = createMarker();
      const result = await run(compileChecks(items, marker));
      return parseChecks(Buffer.from(result.stdout), marker, items);
    };
    const before = await ask();
    expect([...before.values()].map(seen => seen.holds)).toEqual([null, null, false, true]);
    expect([before.get('package')?.detail, before.get('service')?.detail]).toEqual(['no dpkg', 'no systemd']);
    expect(await run(applyState(file))).toMatchObject({ code: 0, stderr: '' });
    expect((await ask()).get('file')).toMatchObject({ holds: true });
    expect((await run(applyState(state({ kind: 'service', name: 'nginx' })))).stderr).toBe('no systemd\n');
  });
});
