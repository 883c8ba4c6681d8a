import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectCode, type Outcome, runProgram } from './lab-link.ts';
import { alsoWhenCut } from './on-cut.ts';

/** Sessions at once that each peer is allowed. */
export const AT_ONCE = 64;
/** The same for ansible, which starts a process for each. */
const FORKS = 50;
const MASTERS_AT_ONCE = 16;

export interface FanOut {
  readonly names: readonly string[];
  readonly sshConfigFile: string;
  /** For lists of hosts and the sockets of masters. */
  readonly folder: string;
}

/** How a peer gets to the hosts: a new connection each time, or over masters that are open. */
export type Way = 'cold' | 'warm';

/** Programs that other machines may lack; each is asked for by running it. */
export async function isInstalled(program: string): Promise<boolean> {
  return (await runProgram(program, ['--version'])).code === 0;
}

export interface Peers {
  readonly pssh: boolean;
  readonly clush: boolean;
  readonly ansible: boolean;
}

/** Says which are missing. */
export async function installedPeers(say: (line: string) => void): Promise<Peers> {
  const programs = { pssh: 'parallel-ssh', clush: 'clush', ansible: 'ansible' };
  const there = { pssh: false, clush: false, ansible: false };
  for (const [name, program] of Object.entries(programs)) {
    there[name as keyof Peers] = await isInstalled(program);
    if (!there[name as keyof Peers]) say(`left out, not installed: ${program}`);
  }
  return there;
}

/** Debian calls it `parallel-ssh`. */
export async function pssh(fanOut: FanOut, way: Way): Promise<void> {
  const list = join(fanOut.folder, 'pssh-hosts');
  await writeFile(list, `${fanOut.names.join('\n')}\n`);
  const words = ['-h', list, '-p', String(AT_ONCE), '-t', '0', '-x', await sshWords(fanOut, way), 'true'];
  const { code, stdout, stderr } = await runProgram('parallel-ssh', words);
  expectCode(code, 0, `parallel-ssh: ${stderr}`);
  expectCode(stdout.match(/\[SUCCESS\]/g)?.length ?? 0, fanOut.names.length, 'the successes of parallel-ssh');
}

export async function clush(fanOut: FanOut, way: Way): Promise<void> {
  const words = [
    '-S',
    '-f',
    String(AT_ONCE),
    '-o',
    await sshWords(fanOut, way),
    '-w',
    fanOut.names.join(','),
    'true',
  ];
  const { code, stderr } = await runProgram('clush', words);
  expectCode(code, 0, `clush: ${stderr}`);
}

/** One module on all hosts, pipelined, with the interpreter named: as quick as it goes. Answers what it printed. */
export async function ansible(
  fanOut: FanOut,
  way: Way,
  module: readonly string[],
  said: RegExp,
): Promise<void> {
  const words = ['all', '-i', `${fanOut.names.join(',')},`, '-f', String(FORKS), ...module];
  const { code, stdout, stderr }: Outcome = await runProgram(
    'ansible',
    [...words, '-e', 'ansible_python_interpreter=/usr/bin/python3'],
    {
      ANSIBLE_PIPELINING: '1',
      ANSIBLE_HOST_KEY_CHECKING: 'True',
      ANSIBLE_NOCOLOR: '1',
      ANSIBLE_SSH_ARGS: await sshWords(fanOut, way),
      ANSIBLE_LOCAL_TEMP: join(fanOut.folder, 'ansible'),
    },
  );
  expectCode(code, 0, `ansible: ${stderr}`);
  expectCode(stdout.match(said)?.length ?? 0, fanOut.names.length, 'the hosts that ansible named');
}

/** Opens a master to every host. Disposing of the answer closes them. */
export async function openMasters(fanOut: FanOut): Promise<AsyncDisposable> {
  const words = [...(await sshWords(fanOut, 'warm')).split(' '), '-o', 'BatchMode=yes'];
  const close = alsoWhenCut(
    async () =>
      await eachOf(
        fanOut.names,
        async name => void (await runProgram('ssh', [...words, '-O', 'exit', name])),
      ),
  );
  await eachOf(fanOut.names, async name => {
    // -f goes to the background with its output still open: a pipe would never end
    const master = spawn('ssh', [...words, '-M', '-N', '-f', name], { stdio: 'ignore' });
    const [code] = (await once(master, 'exit')) as [number | null];
    expectCode(code, 0, `ssh -M ${name}`);
  });
  return { [Symbol.asyncDispose]: close };
}

/** A file, because clush and ssh do not agree about what a % on the command line means. */
async function sshWords({ sshConfigFile, folder }: FanOut, way: Way): Promise<string> {
  const file = join(folder, `${way}_config`);
  const path = way === 'cold' ? 'none' : join(folder, 'm-%n');
  const head = `ControlMaster no\nControlPath ${path}\n`;
  await writeFile(file, head + (await readFile(sshConfigFile, 'utf8')), { mode: 0o600 });
  return `-F ${file}`;
}

async function eachOf(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  const left = [...names];
  const worker = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await work(name);
  };
  await Promise.all(Array.from({ length: MASTERS_AT_ONCE }, worker));
}
