/** A host prepared for the reference steps of undo, the steps, and all that must be as before: for tests. */

/** What the steps find: each of these is changed by one of them. */
export const PREPARE = `set -e
mkdir -p /srv/tree/in /srv/tree2/deep
echo old >/srv/old.conf; echo kept >/srv/mode; echo gone >/srv/gone; echo other >/srv/old2
chmod 640 /srv/old2; chown www-data:www-data /srv/old2
echo a >/srv/tree/in/a; echo b >/srv/tree2/deep/b; ln -s b /srv/tree2/deep/l; chmod 600 /srv/tree2/deep/b
ln -s /srv/old.conf /srv/link; ln -s /srv/mode /srv/link2
printf 'one\\ntwo\\n' >/srv/lines; cp /srv/lines /srv/lines2; cp /srv/lines /srv/lines3
groupadd crew; groupadd band; useradd -m -s /bin/sh bob; usermod -aG band bob; echo 'bob:secret' | chpasswd
groupdel crew; groupadd -g 4711 crew; usermod -aG crew bob
install -d -m 700 -o bob -g bob /home/bob/.ssh
install -m 600 -o bob -g bob /dev/null /home/bob/.ssh/authorized_keys
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOld old@x' >/home/bob/.ssh/authorized_keys
for unit in tick tock; do
  printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/$unit.service
done
systemctl daemon-reload; systemctl -q enable --now tick
DEBIAN_FRONTEND=noninteractive apt-get install -y -q tree >/dev/null
`;

/** Everything that is to be as before, one line each: files with their contents, packages, accounts, units. */
export const MANIFEST = `find /srv /etc /home /usr/local /opt -xdev \\
  ! -name 'passwd-' ! -name 'group-' ! -name 'shadow-' ! -name 'gshadow-' ! -name 'subuid-' ! -name 'subgid-' \\
  ! -name .pwd.lock ! -name ld.so.cache ! -name .updated -printf '%y %m %U:%G %l %p\\n' | sort
find /srv /etc /home /usr/local /opt -xdev -type f ! -name '*-' ! -name .pwd.lock ! -name ld.so.cache ! -name .updated -print0 |
  sort -z | xargs -0 sha256sum
dpkg-query -W -f '\${binary:Package} \${Version} \${db:Status-Status}\\n'
for unit in tick tock tack; do systemctl show -p ActiveState -p UnitFileState $unit | tr '\\n' ' '; echo; done
`;

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINew new@x';

/** Kind by kind what a step can do; each is one step of the plan. */
const STATES: readonly (readonly [string, ...object[]])[] = [
  ['file-new', { kind: 'file', path: '/srv/new.conf', content: 'new\n' }],
  ['file-changed', { kind: 'file', path: '/srv/old.conf', content: 'other\n' }],
  ['file-mode', { kind: 'file', path: '/srv/mode', content: 'kept\n', mode: '0600', owner: 'www-data' }],
  ['file-absent', { kind: 'file', path: '/srv/gone', ensure: 'absent' }],
  ['file-etc', { kind: 'file', path: '/etc/motd', content: 'welcome\n' }],
  ['directory-deep', { kind: 'directory', path: '/srv/a/b/c' }],
  ['file-inside', { kind: 'file', path: '/srv/a/b/c/file', content: 'x\n' }],
  ['directory-mode', { kind: 'directory', path: '/srv/tree', mode: '0700', owner: 'www-data' }],
  ['directory-absent', { kind: 'directory', path: '/srv/tree2', ensure: 'absent' }],
  ['link-new', { kind: 'link', path: '/srv/newlink', target: '/srv/mode' }],
  ['link-changed', { kind: 'link', path: '/srv/link', target: '/srv/mode' }],
  ['link-absent', { kind: 'link', path: '/srv/link2', target: '/srv/mode', ensure: 'absent' }],
  ['line-added', { kind: 'line', path: '/srv/lines', line: 'three' }],
  ['line-replaced', { kind: 'line', path: '/srv/lines2', line: 'deux', replace: '^two$' }],
  ['line-absent', { kind: 'line', path: '/srv/lines3', line: 'one', ensure: 'absent' }],
  ['line-new-file', { kind: 'line', path: '/srv/lines4', line: 'first' }],
  ['group-new', { kind: 'group', name: 'guild' }],
  ['group-absent', { kind: 'group', name: 'crew', ensure: 'absent' }],
  ['user-new', { kind: 'user', name: 'ada', authorizedKeys: [KEY] }],
  [
    'user-changed',
    { kind: 'user', name: 'bob', shell: '/bin/bash', groups: ['www-data'], authorizedKeys: [KEY] },
  ],
  ['service-stopped', { kind: 'service', name: 'tick', running: false, enabled: false }],
  ['service-started', { kind: 'service', name: 'tock' }],
  ['package-new', { kind: 'package', name: 'hello' }],
  ['package-absent', { kind: 'package', name: 'tree', ensure: 'absent' }],
  [
    'command-declared',
    {
      kind: 'command',
      title: 'make and change',
      script:
        'mkdir -p /srv/made/deep; echo 1 >/srv/made/deep/x; echo changed >/srv/old2; chown root /srv/old2',
      creates: '/srv/made/deep/x',
      effects: ['/srv/made', '/srv/old2'],
    },
  ],
  ['command-undo', { kind: 'command', title: 'mark', script: 'touch /opt/mark', creates: '/opt/mark' }],
  [
    'unit-new',
    {
      kind: 'file',
      path: '/etc/systemd/system/tack.service',
      content: '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n',
    },
    { kind: 'service', name: 'tack' },
  ],
];

export const STEPS: number = STATES.length;

/** All but packages as one step that ends with a state that fails; JSON is YAML. */
export function failingPlan(last: object): string {
  const states = STATES.filter(([id]) => !id.startsWith('package')).flatMap(([, ...made]) => made);
  return planOf({ states: [...states, last], undo: 'rm -f /opt/mark' });
}

/** All of them in one plan; JSON is YAML. */
export function referencePlan(): string {
  const steps = STATES.map(([id, ...states]) => ({
    id,
    title: id,
    states,
    ...(id === 'command-undo' ? { undo: 'rm /opt/mark' } : {}),
    // a plan that names what depends on what: the others run together where they may
    ...(id === 'file-inside' ? { dependsOn: ['directory-deep'] } : {}),
  }));
  return JSON.stringify({ intent: 'change much', goal: 'much is changed', steps });
}

/** A plan of steps that are given as they are. */
export function planOf(...steps: readonly object[]): string {
  return JSON.stringify({
    intent: 'x',
    goal: 'it is so',
    steps: steps.map((step, index) => ({ id: `s${index + 1}`, title: `step ${index + 1}`, ...step })),
  });
}
