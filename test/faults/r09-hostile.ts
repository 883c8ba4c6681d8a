import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import { deckhand } from '../e2e/deckhand-command.ts';
import type { LabHost } from '../lab/lab.ts';
import { DaemonUnderTest, memoryOf } from './daemon-under-test.ts';
import type { Fault, FaultKit } from './fault.ts';
import { ARCHIVES, entry, EVIL_SFTP, LISTINGS, type ToolName, TOOLS } from './hostile-tools.ts';
import { type LabFleet, labFleet, onHost } from './lab-fleet.ts';

/** Kibibytes that no process of the engine may grow beyond, whatever the host sends. */
const ROOM = 900 * 1024;

/** A host whose tools, shell and servers lie: nothing outside the target, nothing for the terminal, bounded memory. */
export const fault: Fault = {
  id: 'R09',
  title: 'a hostile host: names, archives, hashes, banners, SFTP and endless answers',
  async run(kit) {
    await using fleet = await labFleet([152], kit.folder);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const [host] = fleet.hosts;
    if (!host) return;
    const hostile = new Hostile(daemon, fleet, kit, host);
    await hostile.prepare();
    for (const [name, listing] of Object.entries(LISTINGS)) await hostile.listing(name, listing);
    for (const [name, archive] of Object.entries(ARCHIVES)) await hostile.archive(name, archive);
    for (const tool of Object.keys(TOOLS) as ToolName[]) await hostile.tool(tool);
    for (const mode of ['garbage', 'length', 'more', 'other', 'ids', 'endless'] as const)
      await hostile.sftp(mode);
    await hostile.plantedLink();
    await hostile.escapes();
    await hostile.noise();
    await hostile.banner();
    hostile.memory();
  },
};

class Hostile {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;
  readonly #host: LabHost;
  readonly #outside: string;
  #most = 0;
  #round = 0;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit, host: LabHost) {
    [this.#daemon, this.#fleet, this.#kit, this.#host] = [daemon, fleet, kit, host];
    this.#outside = join(kit.folder, 'outside');
  }

  async prepare(): Promise<void> {
    mkdirSync(this.#outside);
    writeFileSync(join(this.#outside, 'sentinel'), 'sentinel');
    await onHost(
      this.#host,
      'mkdir -p /srv/evil/sub /root/evil; echo a >/srv/evil/a; echo b >/srv/evil/sub/b; head -c 6000000 /dev/urandom >/srv/evil/big; cp /usr/lib/openssh/sftp-server /root/sftp-server',
    );
  }

  /** `find` says what it likes. */
  async listing(what: string, records: Buffer): Promise<void> {
    await this.#plant(
      'find',
      `case "$*" in *"-maxdepth 0"*) exit 0;; esac; base64 -d /root/evil/listing; exit 0`,
    );
    const end = Buffer.concat([entry('', 'd'), records]).toString('base64');
    await this.#host.run('cat >/root/evil/listing', { input: end });
    await this.#refused(`a listing with ${what}`, [
      'transfer.outside',
      'transfer.protocol',
      'transfer.name-too-long',
    ]);
    await this.#honest('find');
  }

  /** The listing is honest, the archive is not. */
  async archive(what: string, archive: (outside: string) => Buffer): Promise<void> {
    await this.#plant(
      'tar',
      `case "$*" in *--version*) echo "tar (GNU tar) 1.35";; *) cat >/dev/null; base64 -d /root/evil/archive;; esac`,
    );
    await this.#host.run('cat >/root/evil/archive', { input: archive(this.#outside).toString('base64') });
    await this.#refused(`an archive with ${what}`, [
      'transfer.some-failed',
      'transfer.protocol',
      'transfer.changed',
      'transfer.refused',
    ]);
    await this.#honest('tar');
  }

  async tool(name: ToolName): Promise<void> {
    const { program, script, codes } = TOOLS[name];
    await this.#plant(program, script);
    await this.#refused(name, codes);
    await this.#honest(program);
  }

  async sftp(mode: string): Promise<void> {
    await this.#host.run('cat >/usr/lib/openssh/sftp-server; chmod 755 /usr/lib/openssh/sftp-server', {
      input: EVIL_SFTP.replace('MODE', mode),
    });
    const { state, error } = await this.#get();
    // a server that is none is done without; what it says wrong is found
    const isWhole = state === 'succeeded' && this.#equals();
    this.#kit.check(
      isWhole ||
        [
          'transfer.protocol',
          'transfer.some-failed',
          'transfer.checksum',
          'transfer.changed',
          'transfer.refused',
        ].includes(error?.code ?? ''),
      `SFTP with ${mode}: ${state} ${error?.code ?? ''}${isWhole ? ', whole by other means' : ''}`,
    );
    this.#nothingOutside(`SFTP with ${mode}`);
    await onHost(this.#host, 'cp /root/sftp-server /usr/lib/openssh/sftp-server');
  }

  /** A link in the target that leads elsewhere stands where the host has a folder. */
  async plantedLink(): Promise<void> {
    for (const deleteExtra of [false, true]) {
      const target = this.#target();
      mkdirSync(target);
      symlinkSync(this.#outside, join(target, 'sub'));
      const params = { local: target, remote: '/srv/evil', direction: 'pull', deleteExtra };
      const { state, error } = await this.#done('scp.sync', params);
      this.#nothingOutside(
        `a link where a folder belongs${deleteExtra ? ', replaced' : ''}: ${state} ${error?.code ?? ''}`,
      );
    }
  }

  /** What a person sees on a terminal has nothing in it that the terminal obeys. */
  async escapes(): Promise<void> {
    const make = String.raw`cd /srv/evil && for n in "$(printf 'a\033]0;title\007b')" "$(printf 'c\033[2Jd')" "$(printf '\302\233 31m')" "$(printf 'e\rf')" "$(printf '\342\200\256gnp.exe')"; do echo x >"$n"; ln -s "$n" "l$n"; mkfifo "p$n"; done`;
    await onHost(this.#host, make);
    const config = this.#fleet.surroundings.sshConfigFile ?? '';
    const words = [
      ['ls', `${this.#host.name}:/srv/evil`],
      ['ls', '--json', `${this.#host.name}:/srv/evil`],
      ['get', '-r', `${this.#host.name}:/srv/evil`, this.#target()],
      ['sync', '--dry-run', `${this.#host.name}:/srv/evil`, this.#target()],
      ['get', '-r', `${this.#host.name}:/srv/none\u001B[31m`, this.#target()],
    ];
    for (const [verb = '', ...rest] of words) {
      const { stdout, stderr } = await deckhand([verb, '--ssh-config', config, ...rest], {
        folder: this.#kit.folder,
      });
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      const found = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.exec(stdout + stderr);
      const isClean = found === null;
      this.#kit.check(
        isClean && stdout + stderr !== '',
        `deckhand ${verb} ${rest[0]?.startsWith('-') ? rest[0] : ''}: ${isClean ? 'nothing that a terminal obeys' : `it prints ${JSON.stringify(found[0])}`}`,
      );
    }
    await onHost(
      this.#host,
      'find /srv/evil -maxdepth 1 -not -name a -not -name sub -not -name big -mindepth 1 -delete',
    );
  }

  /** A shell that talks before it listens. */
  async noise(): Promise<void> {
    await onHost(
      this.#host,
      'cp /root/.bashrc /root/evil/bashrc 2>/dev/null; echo "yes noise" >/root/.bashrc',
    );
    const { state, error } = await this.#get();
    this.#kit.check(
      error?.code === 'host.unsupported',
      `a shell that prints without end: ${state} ${error?.code ?? ''}`,
    );
    const path = join('/var/tmp/deckhand-lab');
    if (existsSync(path)) await this.#host.run('true', { timeoutMs: 1000 }).catch(() => undefined);
    await this.#host.reset();
    await this.prepareAgain();
  }

  async prepareAgain(): Promise<void> {
    rmSync(this.#outside, { recursive: true });
    await this.prepare();
  }

  /** Before it has even said what it is. */
  async banner(): Promise<void> {
    for (const line of ['x'.repeat(1000), 'a line of text\r\n']) {
      const open = new Set<Socket>();
      const server = await endless(line, open);
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const config = join(this.#kit.folder, 'banner_config');
      writeFileSync(config, `Host banner\n  HostName 127.0.0.1\n  Port ${port}\n  ConnectTimeout 8\n`);
      const task = await this.#done('scp.list', { path: '/' }, { host: 'banner', sshConfigFile: config });
      this.#kit.check(
        task.state === 'failed' && task.error?.code.startsWith('ssh.') === true,
        `an endless banner ${line.endsWith('\n') ? 'of lines' : 'in one line'}: ${task.state} ${task.error?.code ?? ''}`,
      );
      for (const socket of open) socket.destroy();
      server.close();
    }
  }

  memory(): void {
    this.#kit.check(
      this.#most < ROOM,
      `no process of the engine had more than ${(this.#most / 1024).toFixed(0)} MiB (limit ${ROOM / 1024})`,
    );
  }

  async #refused(what: string, codes: readonly string[]): Promise<void> {
    const { state, error } = await this.#get();
    const isWhole = state === 'succeeded' && this.#equals();
    this.#kit.check(
      isWhole || codes.includes(error?.code ?? ''),
      `${what}: ${state} ${error?.code ?? ''} ${isWhole ? 'and equal' : ''}`,
    );
    this.#nothingOutside(what);
  }

  async #get(): Promise<TaskView> {
    return await this.#done('scp.download', { source: '/srv/evil', target: this.#target() });
  }

  /** What arrived is what the host really has. */
  #equals(): boolean {
    const found = join(this.#kit.folder, 'targets', `target-${this.#round}`);
    const names = readdirSync(found, { recursive: true }).map(String);
    return (
      names.sort().join() === 'a,big,sub,sub/b' &&
      readFileSync(join(found, 'a'), 'utf8') === 'a\n' &&
      readFileSync(join(found, 'sub/b'), 'utf8') === 'b\n'
    );
  }

  #target(): string {
    this.#round += 1;
    mkdirSync(join(this.#kit.folder, 'targets'), { recursive: true });
    return join(this.#kit.folder, 'targets', `target-${this.#round}`);
  }

  #nothingOutside(what: string): void {
    const outside = readdirSync(this.#outside).join();
    const beside = readdirSync(join(this.#kit.folder, 'targets')).filter(name => !name.startsWith('target-'));
    const here = readdirSync(this.#kit.folder).filter(name => /evil|escape/.test(name));
    const isAsItWas =
      outside === 'sentinel' && readFileSync(join(this.#outside, 'sentinel'), 'utf8') === 'sentinel';
    const strange = [...beside, ...here, ...(existsSync('/tmp/deckhand-evil') ? ['/tmp/deckhand-evil'] : [])];
    this.#kit.check(isAsItWas && strange.length === 0, `${what}: nothing outside ${strange.join(' ')}`);
    const links = execFileSync('find', [
      join(this.#kit.folder, 'targets'),
      '-perm',
      '/6000',
      '-o',
      '-type',
      'b',
      '-o',
      '-type',
      'c',
    ]);
    if (links.length > 0) this.#kit.check(false, `${what}: made ${links.toString()}`);
  }

  async #plant(program: string, script: string): Promise<void> {
    await this.#host.run(
      `cat >/usr/local/bin/${program}; chmod 755 /usr/local/bin/${program}; ln -sf ../bin/${program} /usr/local/sbin/${program}`,
      { input: `#!/bin/sh\n${script}\n` },
    );
  }
  async #honest(program: string): Promise<void> {
    await onHost(this.#host, `rm -f /usr/local/bin/${program} /usr/local/sbin/${program}`);
  }

  async #done(
    kind: string,
    params: Record<string, unknown>,
    other?: { readonly host: string; readonly sshConfigFile: string },
  ): Promise<TaskView> {
    const surroundings = other
      ? { ...this.#fleet.surroundings, sshConfigFile: other.sshConfigFile }
      : this.#fleet.surroundings;
    const id = await this.#daemon.submit({
      kind,
      hosts: other?.host ?? this.#host.name,
      params,
      surroundings,
    });
    const pids = [this.#daemon.pid, ...(await this.#daemon.executors())];
    const watch = setInterval(() => {
      for (const pid of pids) this.#most = Math.max(this.#most, memoryOf(pid));
    }, 100);
    try {
      return await this.#daemon.ended(id, 900_000);
    } finally {
      clearInterval(watch);
    }
  }
}

async function endless(line: string, open: Set<Socket>): Promise<Server> {
  const server = createServer(socket => {
    open.add(socket);
    socket.on('error', () => undefined);
    const more = (): void => {
      while (!socket.destroyed && socket.write(line));
    };
    socket.on('drain', more);
    more();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}
