import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { ownHome } from '../own-home.ts';
import { deckhand, stopDaemon } from './deckhand-command.ts';

/** `deckhand shell` on a real terminal, which `script` makes. */
let folder: string;
let host: LabHost;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shell-tty-'));
  host = await bootHost(239, { kind: 'plain' });
  config = await labSshConfig([host], folder);
});
afterAll(async () => {
  await stopDaemon(folder);
  await host?.down();
  await rm(folder, { recursive: true, force: true });
});

/** Types each line when the text before it was seen; gives all that the terminal showed. */
async function typed(lines: readonly (readonly [seen: string, text: string])[]): Promise<string> {
  const words = [process.execPath, join(import.meta.dirname, '../../src/bin.ts'), 'shell', host.name];
  const command = `stty rows 33 cols 91; ${words.join(' ')} --ssh-config ${config}; echo "code $?"; stty -a | tr ' ' '\\n' | grep -x -e icanon -e -icanon`;
  const child = spawn('script', ['-qfc', command, '/dev/null'], {
    env: { ...ownHome(folder), SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let rest = 0;
  const left = [...lines];
  child.stdout.on('data', (piece: Buffer) => {
    shown += piece.toString();
    const [next] = left;
    if (!next || !shown.slice(rest).includes(next[0])) return;
    rest = shown.length;
    left.shift();
    child.stdin.write(next[1]);
  });
  await new Promise(resolve => child.once('close', resolve));
  return shown;
}

it('has the size of the terminal, passes Ctrl-C on, ends with the code of the shell, gives the terminal back', async () => {
  const shown = await typed([
    ['# ', 'stty size; sed s/typed/read/\r'],
    ['33 91', 'typed\r'],
    // an answer of its own: a shell that is about to start a program may keep a signal to itself
    ['read\r', '\u0003'],
    ['# ', 'exit 7\r'],
  ]);
  expect(shown).toContain('33 91');
  expect(shown).toContain('code 7');
  expect(shown.trimEnd().endsWith('icanon') && !shown.trimEnd().endsWith('-icanon')).toBe(true);
});

it('says what to use where there is no terminal', async () => {
  const { code, stderr } = await deckhand(['shell', host.name, '--ssh-config', config], { folder });
  expect([code, stderr]).toEqual([2, expect.stringContaining('deckhand exec')]);
});
