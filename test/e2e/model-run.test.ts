import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndpointView } from '../../src/core/chat.ts';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import type { CommandResult } from './deckhand-command.ts';
import { manifestOf, type ModelLab, openModelLab } from './model-lab.ts';

/** One model server from bare sshd to its removal, as a person sees it; every step of it is the command line's. */
let lab: ModelLab;
let host: LabHost;
let before: string;
let ports: string;
let endpoint: EndpointView;

beforeAll(async () => {
  lab = await openModelLab([126]);
  [host] = lab.hosts as [LabHost];
  await host.mod('nopython');
  await onHost(host, 'loginctl enable-linger guest; ip route del default');
  before = await manifestOf(host);
  ports = await listeningOn(host);
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const model = async (word: string, ...words: readonly string[]): Promise<CommandResult> =>
  await lab.deckhand('model', word, ...lab.asGuest, ...words);
const chat = async (): Promise<CommandResult> =>
  await lab.deckhand('chat', ...lab.asGuest, '-m', 'tiny', 'hi');

/** What listens on the host, on which address, as its kernel says. */
async function listeningOn(on: LabHost): Promise<string> {
  const { stdout } = await on.run(
    `awk 'FNR>1 && $4=="0A" {print $2} FNR>1 && $4=="07" {print "udp " $2}' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 | sort -u`,
  );
  return stdout;
}

/** Ports of an address that take a connection from this machine, of all that there are. */
async function openPorts(address: string): Promise<readonly number[]> {
  const open: number[] = [];
  let next = 1;
  const look = async (): Promise<void> => {
    while (next <= 65_535) {
      const port = next++;
      if (await isOpen(address, port)) open.push(port);
    }
  };
  await Promise.all(Array.from({ length: 256 }, look));
  return open;
}

async function isOpen(host: string, port: number): Promise<boolean> {
  return await new Promise(resolve => {
    const socket = connect(port, host);
    const end = (is: boolean) => (): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

/** What a program that was written for OpenAI's address gets. */
async function throughEndpoint(): Promise<string> {
  const token = (await readFile(endpoint.tokenFile, 'utf8')).trim();
  const answer = await fetch(`${endpoint.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }] }),
  });
  const { choices } = (await answer.json()) as { choices?: { message: { content: string } }[] };
  return choices?.[0]?.message.content ?? `status ${answer.status}`;
}

describe('a pristine host without internet, an account that lingers', () => {
  it('serves, and nothing more than before listens to the outside (L03 L22 B08 T17)', async () => {
    const deployed = await model('deploy', host.name, lab.model, '--threads', '1');
    expect([deployed.code, deployed.stdout]).toEqual([
      0,
      expect.stringContaining('it says: Ahoy!') as string,
    ]);
    expect(await openPorts(host.address)).toEqual([22]);
    expect(await listeningOn(host)).toBe(ports);
    expect((await chat()).stdout).toMatch(/^Ahoy!/);
    const served = await lab.deckhand('serve', ...lab.asGuest, '--detach', '--port', '0', '--json');
    ({ endpoint } = JSON.parse(served.stdout) as { endpoint: EndpointView });
    expect(await throughEndpoint()).toMatch(/^Ahoy!/);
  });

  it('is back after a power cut, and with it what leads to it, without anybody doing anything (L07 L15 B08)', async () => {
    await host.stop();
    await host.start();
    await until('the endpoint answers again', 150_000, async () => {
      const said = await throughEndpoint().catch(() => '');
      return said.startsWith('Ahoy!') ? said : undefined;
    });
    expect((await chat()).stdout).toMatch(/^Ahoy!/);
    expect(await listeningOn(host)).toBe(ports);
  });

  it('tells of a server that served, and now dies every five seconds (L09)', async () => {
    const archive = join(lab.folder, 'moody.tar.gz');
    const standIns = join(import.meta.dirname, '../engines/stand-ins');
    await promisify(execFile)('tar', ['-czf', archive, '-C', standIns, 'moody-server.pl']);
    const start = `perl $FILES/moody-server.pl $SOCKET & p=$!
while kill -0 $p; do if [ -e $FILES/dying ]; then sleep 5; kill $p; echo 'no more of this' >&2; exit 3; fi; sleep 0.2; done`;
    const words = ['--engine', 'command', '--bundle', archive, '--name', 'moody', '--start', start];
    expect((await model('deploy', host.name, ...words)).stdout).toContain('it says: Ahoy');
    await onHost(host, 'for d in /home/guest/.local/state/deckhand/engines/*/; do : > "$d/dying"; done');
    const shown = await until('it is given up', 150_000, async () => {
      const { stdout } = await model('show', `${host.name}/moody`);
      return stdout.includes('crash-loop') ? stdout : undefined;
    });
    expect(shown).toMatch(/engine\.crash-loop: .*soon after its start.*last words: no more of this/);
    expect((await chat()).stdout).toMatch(/^Ahoy!/);
  });

  it('is as before when all of it is removed (L12)', async () => {
    for (const name of ['moody', 'tiny'])
      expect((await model('remove', `${host.name}/${name}`)).stdout).toBe(
        `${name} is gone from ${host.name}\n`,
      );
    // for a moment the endpoint still knows it
    await until('the endpoint knows it no more', 150_000, async () =>
      (await throughEndpoint()) === 'status 404' ? true : undefined,
    );
    await lab.deckhand('serve', '--stop');
    expect(await manifestOf(host)).toBe(before);
    expect(await listeningOn(host)).toBe(ports);
  });
});
