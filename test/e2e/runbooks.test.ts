import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labAvailable, type LabHost } from '../lab/lab.ts';
import { type RunbookLab, runbookLab } from './runbook-lab.ts';

const available = labAvailable();
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKzZ0000000000000000000000000000000000000000 first@home';

describe.skipIf(!available.booted)(`shipped runbooks on a booted Debian host ${available.why}`, () => {
  let lab: RunbookLab;
  let host: LabHost;
  beforeAll(async () => {
    lab = await runbookLab(123);
    ({ host } = lab);
  });
  afterAll(async () => await lab?.[Symbol.asyncDispose]());
  const ask: RunbookLab['ask'] = async (...wish) => await lab.ask(...wish);
  const prove: RunbookLab['prove'] = async (...wish) => await lab.prove(...wish);
  const on: RunbookLab['on'] = async command => await lab.on(command);

  it('install-package', async () => {
    expect((await prove('install the package hello')).changed).toBe(1);
    expect(await on('hello --version | head -n 1')).toContain('hello');
  });

  it('serve-page in both languages, on port 80 and beside it', async () => {
    await prove('serve a page saying "it\'s <here> & now" on port 8080');
    expect(await on('curl -s http://127.0.0.1:8080/')).toContain("it's &lt;here&gt; &amp; now");
    await prove('отдавай страницу с текстом «привет»');
    expect(await on('curl -s http://127.0.0.1/')).toContain('<p>привет</p>');
    expect(await on('curl -sI http://127.0.0.1/')).toMatch(/charset=utf-8/i);
    expect(await on('curl -s http://127.0.0.1:8080/')).toContain('&lt;here&gt;');
  });

  it('serve-page does not take port 80 from a default site somebody changed', async () => {
    await on(
      'rm /etc/nginx/sites-enabled/deckhand-80; ln -s ../sites-available/default /etc/nginx/sites-enabled/default; echo "# mine" >>/etc/nginx/sites-available/default; systemctl reload nginx',
    );
    expect((await ask('serve a page saying other')).outcome).toBe('failed');
    await on('test -L /etc/nginx/sites-enabled/default && nginx -t -q');
    expect(await on('curl -s http://127.0.0.1/')).toContain('Welcome to nginx');
  });

  it('keep-service', async () => {
    await on('systemctl disable --now nginx');
    await prove('make sure nginx is running and enabled at boot');
    expect(await on('systemctl is-active nginx; systemctl is-enabled nginx')).toBe('active\nenabled');
  });

  it('create-user with a key and sudo', async () => {
    await prove(`create a user deploy with sudo and the key ${KEY}`);
    expect(await on('runuser -u deploy -- sudo -n id -u')).toBe('0');
    expect(await on('cat ~deploy/.ssh/authorized_keys')).toContain(KEY);
    await prove('создай пользователя guest1 без sudo');
    expect((await host.run('runuser -u guest1 -- sudo -n true')).code).not.toBe(0);
  });

  it('set-timezone-hostname', async () => {
    await prove('set the hostname to web-1 and the timezone to Europe/Berlin');
    expect(await on('hostname; readlink /etc/localtime; getent hosts web-1')).toMatch(
      /^web-1\n\/usr\/share\/zoneinfo\/Europe\/Berlin\n127\.0\.1\.1\s+web-1$/,
    );
    expect((await ask('set the timezone to Europe/Atlantis')).outcome).toBe('failed');
    expect(await on('readlink /etc/localtime')).toBe('/usr/share/zoneinfo/Europe/Berlin');
  });

  it('schedule-job by timer and by cron', async () => {
    await on('printf "#!/bin/sh\\ndate >>/tmp/ran\\n" >/opt/backup.sh; chmod +x /opt/backup.sh');
    await prove('run /opt/backup.sh every day at 3:15');
    const unit = await on(
      'systemctl list-unit-files "deckhand-backup-sh-*.timer" --no-legend | cut -d" " -f1',
    );
    expect(await on(`systemctl cat ${unit}`)).toContain('OnCalendar=*-*-* 03:15:00');
    await on(`systemctl start ${unit.replace(/timer$/, 'service')} && test -s /tmp/ran`);
    await prove('запускай /opt/backup.sh каждые 5 минут', { via: 'cron' });
    expect(await on('cat /etc/cron.d/deckhand-backup-sh-*')).toMatch(/^\*\/5 \* \* \* \* root /m);
    expect((await ask('run /opt/absent.sh every day at 3:15')).outcome).toBe('failed');
  });

  it('install-postgresql with a database and its role', async () => {
    await prove('install postgresql with a database shop owned by app');
    expect(
      await on(
        `cd / && runuser -u postgres -- psql -tAc "select pg_get_userbyid(datdba) from pg_database where datname='shop'"`,
      ),
    ).toBe('app');
  });

  it('diagnosis changes nothing and reports', async () => {
    await on('systemd-run --unit=broken false; until systemctl is-failed -q broken; do :; done');
    const report = await prove('what is wrong with this server?');
    expect(report.changed).toBe(0);
    const units = report.findings.find(finding => finding.title === 'Failed units');
    expect(units?.text).toContain('broken.service');
    expect(report.findings.length).toBeGreaterThan(8);
  });

  const reaches = (port: number): Promise<boolean> =>
    new Promise(resolve => {
      const socket = connect({ host: host.address, port, timeout: 2000 });
      const end = (answered: boolean): void => {
        socket.destroy();
        resolve(answered);
      };
      socket
        .once('connect', () => end(true))
        .once('error', () => end(false))
        .once('timeout', () => end(false));
    });

  it('firewall keeps the way in, drops the rest, and takes itself out when it is not confirmed', async () => {
    await on(
      'apt-get install -qq -y nftables >/dev/null && nft add table inet other; for port in 8098 8099; do systemd-run --quiet --unit=listener$port python3 -m http.server $port; until ss -Hltn | grep -q ":$port "; do :; done; done',
    );
    const reached = async (): Promise<boolean[]> => [
      await reaches(host.port),
      await reaches(8098),
      await reaches(8099),
    ];
    expect(await reached()).toEqual([true, true, true]);
    await prove('set up a firewall that allows ssh and port 8098');
    expect(await reached()).toEqual([true, true, false]);
    await on('nft list table inet other');
    await on('nft flush ruleset && systemctl restart deckhand-firewall');
    expect(await reached()).toEqual([true, true, false]);
    await prove('set up a firewall that allows ssh and ports 8098, 8099');
    expect(await reached()).toEqual([true, true, true]);

    // Loaded and never confirmed: the armed rollback, fired by hand instead of waiting a minute for it.
    const report = await ask('set up a firewall with port 8098');
    const load = report.commandRuns.find(run => run.script.includes('--on-active=60') && run.exitCode === 0);
    const script = load?.script ?? '';
    await on('nft delete table inet deckhand');
    const result = await host.run('cat >/tmp/load.sh && sh /tmp/load.sh', { input: script });
    expect(result).toMatchObject({ code: 0 });
    expect(await reached()).toEqual([true, true, false]);
    await on(
      'systemctl is-active deckhand-firewall-rollback.timer && systemctl start deckhand-firewall-rollback.service',
    );
    // started, which is not yet done
    await expect.poll(reached, { timeout: 60_000 }).toEqual([true, true, true]);
  });

  // the last one: it removes the packages that the others need not fetch
  it('free-disk clears caches and old rotated logs, never a log in use', async () => {
    await on(
      'touch /var/cache/apt/archives/x.deb; head -c 100000 /dev/zero >/var/log/app.log.2.gz; touch -d "30 days ago" /var/log/app.log.2.gz; cp /var/log/app.log.2.gz /var/log/app.log.1.gz; cp /var/log/app.log.2.gz /var/log/app.log; touch -d "30 days ago" /var/log/app.log',
    );
    const report = await prove('free disk space', { limit: '100' });
    expect(report.findings.map(finding => finding.title)).toContain('File systems');
    expect(await on('ls /var/log/app.log* /var/cache/apt/archives/*.deb 2>/dev/null; true')).toBe(
      '/var/log/app.log\n/var/log/app.log.1.gz',
    );
  });
});
