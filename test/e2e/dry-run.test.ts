import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeckhandApi } from '../../src/api/contract.ts';
import { openDeckhand } from '../../src/index.ts';
import { bootHost, labAvailable, labSshConfig, type LabHost } from '../lab/lab.ts';

const available = labAvailable();
const signal = new AbortController().signal;

/** One for every runbook that changes something, on a host where each of them has something to do. */
const INTENTS: readonly string[] = [
  'install the package hello',
  'serve a page saying hello on port 8080',
  'create a user carol with sudo',
  'set the hostname to web-1 and the timezone to Europe/Berlin',
  'run /opt/job.sh every day at 3:15',
  'set up a firewall that allows ssh and port 80',
  'free disk space',
  'free space on the volume /srv/vol',
  'delete the files *.tmp in /srv/vol',
  'почини службу broken',
  'set the dns server to 192.0.2.7',
  'set up a reverse proxy for shop.example.org to 127.0.0.1:3000',
  'let carol restart nginx with sudo',
  'rotate the logs /srv/vol/*.log weekly and keep 8',
  'create a self-signed certificate for shop.example.org',
  'back up /srv/vol to /var/backups/vol every day',
  'stop the runaway service',
];

/**
 * Everything on disk but what the host itself keeps writing, with mode, owner, size, time and digest of what is in /etc;
 * packages, units and their states, accounts, rules of the firewall, the name of the host.
 */
const MANIFEST = `export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin
find / -xdev \\( -path /var/log -o -path /var/tmp -o -path /root/.local/state/deckhand/runs -o -path /var/lib/systemd -o -path /var/cache/ldconfig \\) -prune -o -printf '%p %y %m %u %g %s %T@ %l\\n' | grep -v ' d ' | sort
find /etc -xdev -type f -exec sha256sum {} + | sort
find / -xdev -type d -printf '%p %m %u %g\\n' | grep -vE '^/(var/(log|tmp|lib/systemd)|root/.local)' | sort
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n'
systemctl list-unit-files --no-legend --no-pager | grep -v '^session-'
systemctl list-units --all --no-legend --no-pager --plain --type=service,socket,timer,path | awk '{ print $1, $2, $3 }' | grep -vE '^(user|user-runtime-dir|systemd-tmpfiles)' | sort
getent passwd; getent group
nft list ruleset 2>/dev/null
cat /proc/sys/kernel/hostname /proc/swaps`;

describe.skipIf(!available.booted)(`a plan only looks (A20) ${available.why}`, () => {
  let host: LabHost;
  let folder: string;
  let engine: DeckhandApi;

  beforeAll(async () => {
    host = await bootHost(220);
    folder = await mkdtemp(join(tmpdir(), 'deckhand-dry-run-'));
    engine = await openDeckhand({ sshConfigFile: await labSshConfig([host], folder) });
    // the banner comes before the boot has ended, and units that come and go belong to neither manifest
    await host.run('systemctl is-system-running --wait', { timeoutMs: 300_000 });
    await host.run(
      `mkdir -p /srv/vol /opt; cd /srv/vol; echo x >a.log.1; echo x >a.tmp; touch -d '30 days ago' a.log.1; printf '#!/bin/sh\\n' >/opt/job.sh; touch /var/cache/apt/archives/x.deb
       printf '[Service]\\nUser=nobody-yet\\nExecStart=/bin/sleep 1000\\n' >/etc/systemd/system/broken.service; systemctl daemon-reload; systemctl start broken; true`,
    );
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await host.down();
    await rm(folder, { recursive: true, force: true });
  });

  it('leaves files, packages, units, accounts and firewall as they were, for every runbook that would change them', async () => {
    const manifest = async (): Promise<readonly string[]> =>
      (await host.run(MANIFEST, { timeoutMs: 120_000 })).stdout.split('\n');
    const before = await manifest();
    expect(before.length).toBeGreaterThan(3000);
    const look = async (intent: string) => {
      const preview = await engine.plan({ hosts: host.name, intent, parameters: {} }, { signal });
      return { intent, look: preview.hosts[0] };
    };
    for (const { intent, look: seen } of await Promise.all(INTENTS.map(look))) {
      expect(seen?.error, intent).toBeUndefined();
      // not vacuous: each of them would do something here, but the one that finds nothing running away
      if (!intent.includes('runaway')) expect(seen?.pending.length, intent).toBeGreaterThan(0);
    }
    const after = await manifest();
    const [was, is] = [new Set(before), new Set(after)];
    expect(after.filter(line => !was.has(line))).toEqual([]);
    expect(before.filter(line => !is.has(line))).toEqual([]);
  }, 600_000);
});
