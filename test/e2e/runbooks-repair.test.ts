import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labAvailable, type LabHost } from '../lab/lab.ts';
import { type RunbookLab, runbookLab } from './runbook-lab.ts';

const available = labAvailable();

/** Faults other than those of eval/scenarios.jsonl: what is shown here is that the runbooks are general. */
describe.skipIf(!available.booted)(
  `runbooks that mend and set up, on a booted Debian host ${available.why}`,
  () => {
    let lab: RunbookLab;
    let host: LabHost;
    beforeAll(async () => {
      lab = await runbookLab(219);
      ({ host } = lab);
      await on('apt-get install -qq -y --no-install-recommends nginx nftables cron >/dev/null');
    });
    afterAll(async () => await lab?.[Symbol.asyncDispose]());
    const ask: RunbookLab['ask'] = async (...wish) => await lab.ask(...wish);
    const on: RunbookLab['on'] = async command => await lab.on(command);
    /** Something is broken each time: so something must have been changed. */
    const prove: RunbookLab['prove'] = async (...wish) => {
      const report = await lab.prove(...wish);
      expect(report.changed, wish[0]).toBeGreaterThan(0);
      return report;
    };
    const unit = async (name: string, lines: string, script: string): Promise<string> =>
      await on(
        `printf '${script}' >/opt/${name}; chmod 755 /opt/${name}; printf '[Service]\\n${lines}\\nExecStart=/opt/${name}\\n' >/etc/systemd/system/${name}.service; systemctl daemon-reload`,
      );

    // what waits for units and what waits for packages and names, at the same time, each in its own order
    describe.concurrent('of units and files', () => {
      it.sequential('repair-service: a group, a working directory, a program with line ends of Windows', async () => {
        await unit(
          'queue',
          'Group=queue\\nWorkingDirectory=/srv/queue',
          '#!/bin/sh\\r\\nexec sleep 1000\\r\\n',
        );
        const report = await prove('the queue service crashes, find out why and fix it');
        const said = report.commandRuns.map(run => run.stdout).join('\n');
        expect(said.match(/mended: /g)).toHaveLength(3);
        expect(
          await on('ps -o group= -p $(systemctl show -p MainPID --value queue); cat -A /opt/queue'),
        ).toBe('queue\n#!/bin/sh$\nexec sleep 1000$');
      });

      it.sequential('repair-service: a cache directory of its own, and an account that was asked for', async () => {
        await unit(
          'thumbs',
          'User=thumbs',
          '#!/bin/sh\\nset -e\\necho x >/var/cache/thumbs/x\\nexec sleep 1000\\n',
        );
        await prove('сервис thumbs не запускается');
        expect(await on('stat -c %U /var/cache/thumbs')).toBe('thumbs');
        await unit('relay', 'Restart=no', '#!/bin/sh\\nexec sleep 1000\\n');
        await prove('the relay service fails, it must run as the user relay');
        expect(await on('ps -o user= -p $(systemctl show -p MainPID --value relay)')).toBe('relay');
      });

      it.sequential('repair-service gives up on what it does not know, and says what the unit said', async () => {
        await unit('riddle', 'Restart=no', '#!/bin/sh\\necho cryptic words >&2\\nexit 42\\n');
        const report = await ask('почини службу riddle');
        expect(report.outcome).toBe('failed');
        expect(JSON.stringify(report.commandRuns)).toContain('cryptic words');
        expect((await ask('fix the absent service')).outcome).toBe('failed');
      });

      it.sequential('free-volume and delete-files delete what was named, and nothing else', async () => {
        await on(
          'mkdir -p /srv/vol/logs /srv/drop/sub; cd /srv/vol; for f in app.log app.log.1 app.log.2.gz catalog.tar.gz backlog-2020 logs/x.3 keep.log.4; do echo x >$f; touch -d "30 days ago" $f; done; echo x >app.log.9; cd ../drop; touch a.tmp b.tmp c.txt sub/d.tmp',
        );
        await prove('free space on the volume /srv/vol, never touch *.4', { limit: '100' });
        expect(await on('cd /srv/vol && find . -type f | sort | xargs')).toBe(
          './app.log ./app.log.9 ./backlog-2020 ./catalog.tar.gz ./keep.log.4',
        );
        await prove('delete the files *.tmp in /srv/drop');
        expect(await on('cd /srv/drop && find . -type f | sort | xargs')).toBe('./c.txt ./sub/d.tmp');
        await expect(ask('delete the files *.conf in /etc')).rejects.toThrow('refused');
        await on('test -f /etc/host.conf');
      });
    });

    describe.concurrent('of a web server, packages and names', () => {
      it.sequential('repair-web-server takes out what belongs to nobody, and nothing else', async () => {
        await on(
          'systemctl enable --now nginx; ln -s /nowhere /etc/nginx/sites-enabled/gone; systemctl restart nginx || true',
        );
        await prove('nginx is down, repair it');
        expect(await on('ls /etc/nginx/disabled-by-deckhand; ls /etc/nginx/sites-enabled')).toBe(
          'gone\ndefault',
        );
        await on('echo nonsense >>/etc/nginx/nginx.conf');
        expect((await ask('nginx is broken')).outcome === 'failed').toBe(true);
        await on('sed -i "/^nonsense/d" /etc/nginx/nginx.conf; systemctl restart nginx');
      });

      it.sequential('repair-site-permissions opens the site and keeps its secrets', async () => {
        await on(
          'mkdir -p /srv/shop/www; cd /srv/shop/www; echo shop >index.html; echo x >.env; echo k >tls.key; chmod 700 /srv/shop /srv/shop/www; chmod 600 index.html .env tls.key; printf "server { listen 8081; root /srv/shop/www; }\\n" >/etc/nginx/conf.d/shop.conf; systemctl reload nginx; until curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:8081/ | grep -q 403; do sleep 0.1; done',
        );
        await prove('the site on port 8081 returns 403, fix it');
        expect(await on('cd /srv/shop/www && stat -c "%n %a" index.html .env tls.key . ..')).toBe(
          'index.html 604\n.env 600\ntls.key 600\n. 705\n.. 701',
        );
      });

      it.sequential('repair-packages: a source without sense and a package half installed', async () => {
        await on(
          'mkdir -p /tmp/half/DEBIAN; printf "Package: half\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n" >/tmp/half/DEBIAN/control; dpkg-deb -b /tmp/half /tmp/half.deb >/dev/null; dpkg --unpack /tmp/half.deb >/dev/null; printf "Types: deb\\nURIs http://192.0.2.1/\\n" >/etc/apt/sources.list.d/bad.sources',
        );
        await prove('apt is broken');
        expect(
          await on('dpkg-query -W -f "\\${db:Status-Status}" half; ls /etc/apt/sources.list.d/bad*'),
        ).toContain('installed/etc/apt/sources.list.d/bad.sources.disabled-by-deckhand');
      });

      it.sequential('open-port opens one port in a chain that drops by default', async () => {
        await on(
          'nft add table inet f; nft "add chain inet f in { type filter hook input priority 0; policy drop; }"; nft add rule inet f in tcp dport 22 accept; nft add rule inet f in ct state established accept; nft add rule inet f in tcp dport 9999 drop; systemd-run -q --unit=web3000 python3 -m http.server 3000; until ss -Hltn | grep -q ":3000 "; do :; done',
        );
        const reached = (): Promise<boolean> =>
          new Promise(resolve => {
            const socket = connect({ host: host.address, port: 3000, timeout: 2000 });
            const end = (answered: boolean): void => {
              socket.destroy();
              resolve(answered);
            };
            socket.once('connect', () => end(true));
            socket.once('error', () => end(false)).once('timeout', () => end(false));
          });
        expect(await reached()).toBe(false);
        await prove('make port 3000 reachable from outside');
        expect(await reached()).toBe(true);
        await on('nft list ruleset | grep -q "dport 9999 drop"; nft flush ruleset');
      });

      it.sequential('set-dns, rotate-logs, self-signed-certificate', async () => {
        const server = await on('sed -n "s/^nameserver //p" /etc/resolv.conf | head -n 1');
        // a server that is not there, known at once
        await on('ip route add unreachable 192.0.2.1/32');
        await on('printf "search example.org\\nnameserver 192.0.2.1\\n" >/etc/resolv.conf');
        await prove(`DNS is broken, the name server is ${server}`);
        expect(await on('cat /etc/resolv.conf')).toBe(`search example.org\nnameserver ${server}`);
        await on('mkdir -p /var/log/shop; echo x >/var/log/shop/a.log');
        await prove('rotate the logs /var/log/shop/*.log weekly and keep 8');
        await on('logrotate -f /etc/logrotate.d/deckhand-* && test -s /var/log/shop/a.log.1');
        await prove('create a self-signed certificate for shop.example.org');
        expect(await on('stat -c "%a %U" /etc/ssl/deckhand/shop.example.org.key')).toBe('600 root');
      });

      it.sequential('allow-service-command and secure-cron-scripts', async () => {
        await on('useradd -m bob');
        await prove('let bob reload nginx with sudo and nothing else');
        await on('runuser -u bob -- sudo -n systemctl reload nginx');
        expect((await host.run('runuser -u bob -- sudo -n systemctl stop nginx')).code).not.toBe(0);
        expect((await host.run('runuser -u bob -- sudo -n id')).code).not.toBe(0);
        await on(
          'printf "#!/bin/sh\\n" >/usr/local/bin/job; chmod 775 /usr/local/bin/job; chown bob /usr/local/bin/job; touch /home/bob/data; chown bob /home/bob/data; echo "5 * * * * root FLAG=1 /usr/local/bin/job </home/bob/data" >/etc/cron.d/five; systemctl start cron',
        );
        await prove('secure the scripts that root cron runs');
        expect(await on('stat -c "%U %a" /usr/local/bin/job; stat -c %U /home/bob/data')).toBe(
          'root 755\nbob',
        );
      });

      it.sequential('reverse-proxy and backup-folder', async () => {
        await on(
          'mkdir -p /srv/site; echo proxied >/srv/site/index.html; systemd-run -q --unit=web3001 -p WorkingDirectory=/srv/site python3 -m http.server 3001; until ss -Hltn | grep -q ":3001 "; do :; done',
        );
        await prove('set up a reverse proxy for shop.example.org to 127.0.0.1:3001');
        expect(await on('curl -s -H "Host: shop.example.org" http://127.0.0.1/')).toBe('proxied');
        await prove('back up /srv/site to /var/backups/site every day and keep 3');
        expect(await on('tar -xzOf /var/backups/site/*.tar.gz srv/site/index.html')).toBe('proxied');
      });

      it.sequential('install-python-module', async () => {
        await prove('python is missing the six module');
        await on('python3 -c "import six"');
      });
    });

    // not beside the others: it is judged by its share of what all services take
    describe('of what eats the processor', () => {
      it('stop-runaway-service stops what the administrator made, and never what is to be kept', async () => {
        // the machine is not ours alone: on two processors, a fifth is left to it as long as they idle for a tenth
        const watch = { seconds: '2', percent: '20' };
        await unit('spin', 'Restart=always', '#!/bin/sh\\nwhile :; do :; done\\n');
        await unit('calm', 'Restart=always', '#!/bin/sh\\nexec sleep 1000\\n');
        await on('systemctl start spin calm');
        expect((await ask('stop the runaway service, keep spin running', watch)).outcome).toBe('failed');
        await on('systemctl is-active spin');
        await prove('find the runaway job and stop it, the calm service must keep running', watch);
        expect(await on('systemctl is-active spin; systemctl is-active calm')).toBe('inactive\nactive');
      });
    });
  },
);
