import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import type { ExecuteOptions, ExecuteResult, SshConnection } from '../ssh/connection.ts';
import { collectFacts } from './facts.ts';
import { parseDisks } from './facts-disks.ts';
import { parseKernelRow, parseListeners, parseSsRow } from './facts-listeners.ts';
import { parseFacts } from './facts-parse.ts';
import { factsSchema } from './facts-schema.ts';
import { factsScript } from './facts-script.ts';

const NOW = 1_800_000_000_000;
const clock: Clock = { now: () => NOW, monotonic: () => 0, sleep: () => Promise.resolve() };
const signal = new AbortController().signal;

const UBUNTU: Readonly<Record<string, string>> = {
  time: '1800000000',
  release: 'PRETTY_NAME="Ubuntu \\"24\\" LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"',
  kernel: 'Linux\n6.8.0\naarch64\nbox',
  account: 'ops\n1000\nops\n/home/ops',
  processors: '8',
  model: 'model name\t: Neoverse-N1',
  memory: 'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 20 kB',
  mounts: '/dev/vda / ext4 rw 0 0\n/dev/vdb /my\\040data xfs rw 0 0',
  disks:
    'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 1000 500 400 56% /\n/dev/vdb 2000 1 1999 1% /my data',
  state: '/home/ops/.local/state/deckhand\nwritable\n/dev/vda 1000 500 400 56% /',
  init: 'systemd\nsystemd\n/usr/lib/systemd/systemd\nsysv-scripts',
  managers: 'apt-get',
  sudo: 'password-or-none',
  python: 'Python 3.12.3',
  nvidia: 'NVIDIA L4, 23034, 550.54\nNVIDIA L4, [N/A], 550.54',
  sockets: 'ss\nLISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 5 [::1]:631 [::]:*',
  virtualization: 'detected kvm\nflag hypervisor',
  boot: '93.50 10.0\nabc-def',
  zone: 'Europe/Berlin',
};

function answerOf(sections: Readonly<Record<string, string>>, marker = 'm'): string {
  const parts = Object.entries(sections).map(([name, text]) => `\n${marker} section ${name}\n${text}\n`);
  return `\n${marker} begin\n${parts.join('')}\n${marker} end\n`;
}
const parse = (output: string) =>
  parseFacts({ host: 'box', output, marker: 'm', askedAt: NOW, answeredAt: NOW });

describe('parseFacts', () => {
  it('reads every part', () => {
    expect(parse(answerOf(UBUNTU))).toEqual({
      version: 1,
      collectedAt: NOW,
      os: {
        id: 'ubuntu',
        family: 'debian',
        version: '24.04',
        prettyName: 'Ubuntu "24" LTS',
        kernelName: 'Linux',
        kernel: '6.8.0',
        architecture: 'aarch64',
      },
      hostname: 'box',
      account: { user: 'ops', userId: 1000, group: 'ops', home: '/home/ops' },
      processor: { count: 8, model: 'Neoverse-N1' },
      memory: { total: 1_024_000, available: 133_120 },
      disks: [
        { mount: '/', type: 'ext4', total: 1_024_000, available: 409_600 },
        { mount: '/my data', type: 'xfs', total: 2_048_000, available: 2_046_976 },
      ],
      state: { path: '/home/ops/.local/state/deckhand', writable: true, available: 409_600 },
      init: 'systemd',
      packageManager: 'apt',
      sudo: 'password-or-none',
      python: '3.12.3',
      gpus: [
        { name: 'NVIDIA L4', memory: 23_034 * 1024 * 1024, driver: '550.54', source: 'nvidia-smi' },
        { name: 'NVIDIA L4', memory: null, driver: '550.54', source: 'nvidia-smi' },
      ],
      listeners: [
        { address: '0.0.0.0', port: 22 },
        { address: '::1', port: 631 },
      ],
      virtualization: { kind: 'machine', name: 'kvm' },
      uptime: 93_500,
      bootId: 'abc-def',
      timeZone: 'Europe/Berlin',
      clockSkew: 0,
    });
  });

  it('lives with missing tools', () => {
    const { time, kernel, account, sudo } = UBUNTU as Record<'time' | 'kernel' | 'account' | 'sudo', string>;
    const facts = parse(answerOf({ time, kernel, account, sudo }));
    expect(facts).toMatchObject({
      memory: null,
      disks: [],
      init: 'none',
      packageManager: null,
      python: null,
    });
    expect(facts.os).toMatchObject({ id: 'unknown', family: 'unknown', prettyName: 'Linux' });
    expect(facts.virtualization).toEqual({ kind: 'unknown', name: null });
  });

  it('drops what start files print around the answer, even a marker of another run', () => {
    const noise = 'm begins\nx end\nLast login\n';
    expect(parse(noise + answerOf(UBUNTU) + noise).hostname).toBe('box');
  });

  it('sanitises remote text', () => {
    const facts = parse(answerOf({ ...UBUNTU, kernel: 'Linux\n6.8\u001b[2J\nx\nb\u0007\u202eox' }));
    expect(facts.os.kernel).toBe('6.8');
    expect(facts.hostname).toBe('b\ufffd\ufffdox');
  });

  it.each([
    ['', 'ssh.no-shell', 'it printed nothing'],
    ['This account is not available.\n', 'ssh.no-shell', 'This account is not available.'],
    [answerOf(UBUNTU).replace('m end', ''), 'host.unsupported', 'the end of the answer is missing'],
    [answerOf({ ...UBUNTU, sudo: 'maybe' }), 'host.unsupported', 'cannot be true'],
    [answerOf({ ...UBUNTU, time: 'noon' }), 'host.unsupported', 'cannot be true'],
  ])('case %#', (output, code, message) => {
    expect(() => parse(output)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it.each([
    ['ID=rocky', 'rhel'],
    ['ID="opensuse-leap"', 'suse'],
    ["ID=pop\nID_LIKE='ubuntu debian'", 'debian'],
    ['ID=alpine', 'alpine'],
    ['ID=constructor', 'unknown'],
  ])('%j is of family %s', (release, family) => {
    expect(parse(answerOf({ ...UBUNTU, release })).os.family).toBe(family);
  });
});

describe('listeners', () => {
  it.each([
    ['LISTEN 0 128 0.0.0.0:22 0.0.0.0:*', '0.0.0.0', 22],
    ['LISTEN 0 128 *:80 *:*', '::', 80],
    ['LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*', '127.0.0.53', 53],
    ['LISTEN 0 128 [fe80::1]%eth0:22 [::]:*', 'fe80::1', 22],
  ])('ss: %s', (row, address, port) => {
    expect(parseSsRow(row)).toEqual({ address, port });
  });
  it.each([
    ['0: 0100007F:1F90 00000000:0000 0A 00000000:00000000', '127.0.0.1', 8080],
    ['1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A x', '::', 22],
    [
      '2: B80D01200000000067452301EFCDAB89:0016 00000000000000000000000000000000:0000 0A x',
      '2001:db8::123:4567:89ab:cdef',
      22,
    ],
    ['3: 0000000000000000FFFF00000100007F:0016 00000000000000000000000000000000:0000 0A x', '127.0.0.1', 22],
  ])('kernel: %s', (row, address, port) => {
    expect(parseKernelRow(row)).toEqual({ address, port });
  });
  it('ignores what is no listening socket', () => {
    expect(parseKernelRow('0: 0100007F:1F90 0100007F:0016 01 x')).toBeNull();
    expect(parseListeners(['ss', 'nonsense', 'LISTEN 0 1 x:99999 y'])).toEqual([]);
    expect(parseListeners([])).toEqual([]);
  });
});

describe('parseDisks', () => {
  it('leaves out pseudo file systems and images of containers, keeps the root', () => {
    const rows = [
      'tmpfs 100 0 100 0% /run',
      'overlay 100 0 100 0% /var/lib/docker/overlay2/x/merged',
      'overlay 100 200 -5 100% /',
      '/dev/loop0 100 100 0 100% /snap/core',
      'broken row',
    ];
    const mounts = ['overlay / overlay rw', '/dev/loop0 /snap/core squashfs ro'];
    expect(parseDisks(rows, mounts)).toEqual([{ mount: '/', type: 'overlay', total: 102_400, available: 0 }]);
  });
});

/** A connection to this machine's own shell. */
function localConnection(shell: string, prefix = ''): { connection: SshConnection; commands: string[] } {
  const commands: string[] = [];
  const execute = (command: string, options: ExecuteOptions): Promise<ExecuteResult> => {
    commands.push(command);
    return new Promise((resolve, reject) => {
      const words = shell.split(' ');
      const child = execFile(
        words[0] ?? 'sh',
        [...words.slice(1), '-s'],
        { encoding: 'buffer', maxBuffer: 1e7, signal: options.signal },
        (error, stdout, stderr) => {
          if (error) {
            reject(error);
            return;
          }
          const bytes = Buffer.concat([Buffer.from(prefix), stdout]);
          resolve({
            exitCode: 0,
            signal: null,
            stdout: bytes.subarray(0, options.collectLimit),
            stderr,
            stdoutBytes: bytes.length,
            stderrBytes: stderr.length,
            truncated: false,
            duration: 0,
          });
        },
      );
      child.stdin?.end(options.stdin);
    });
  };
  const connection = { host: { name: 'here' }, execute } as unknown as SshConnection;
  return { connection, commands };
}

describe('the difference of the clocks', () => {
  it.each([
    // one that needed 30 s, at whatever moment of them it read its clock
    [0, 30_000, 0, 0],
    [0, 30_000, 15, 0],
    [0, 30_000, 30, 0],
    // the second is cut off
    [900, 1_000, 0, 0],
    [0, 100, 60, 60_450],
    [0, 30_000, -60, -74_500],
  ])('asked at %i, answered at %i, it says %i s: %i ms', (asked, answered, says, skew) => {
    const output = answerOf({ ...UBUNTU, time: String(NOW / 1000 + says) });
    const times = { askedAt: NOW + asked, answeredAt: NOW + answered };
    expect(parseFacts({ host: 'box', output, marker: 'm', ...times }).clockSkew).toBe(skew);
  });
});

describe('collectFacts', () => {
  it.each(['sh', 'bash', 'dash', 'busybox ash'])('learns this machine with one command (%s)', async shell => {
    const { connection, commands } = localConnection(shell, 'Welcome!\n\u001b[1mnoise');
    const facts = await collectFacts(connection, signal, { ...clock, now: () => Date.now() }).catch(
      (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? null : Promise.reject(error)),
    );
    if (facts === null) return; // this machine has no such shell
    expect(commands).toEqual(['sh -s']);
    expect(factsSchema.parse(facts)).toEqual(facts);
    expect(facts.clockSkew).toBe(0);
    expect(facts.account.userId).toBe(process.getuid?.());
  });

  it('reads a bounded answer only', async () => {
    const { connection } = localConnection('sh', 'x'.repeat(300_000));
    await expect(collectFacts(connection, signal, clock)).rejects.toMatchObject({ code: 'host.unsupported' });
  });
});

describe('factsScript', () => {
  it('takes no marker that a shell could read', () => {
    expect(() => factsScript("a'; rm")).toThrow(RangeError);
  });
});
