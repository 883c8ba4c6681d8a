import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import type { SshConnection, TerminalEnd } from '../../src/ssh/connection.ts';
import { endOfTerminal } from '../../src/ssh/terminal-end.ts';
import { lostError } from './local-forwards.ts';

/** A shell on a real terminal of this machine: its bytes on 0 and 1, sizes and signals as lines on 3. */
const KEEPER = `
import fcntl, os, pty, select, signal, struct, sys, termios
def size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))
pid, fd = pty.fork()
if pid == 0:
    size(0, sys.argv[1], sys.argv[2])
    words = ['sh', '-c', sys.argv[3]] if sys.argv[3] else ['sh', '-i']
    os.execv('/bin/sh', words)
watched = [0, 3, fd]
while fd in watched:
    for ready in select.select(watched, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:
            data = b''
        if ready == fd:
            if not data: watched.remove(fd)
            while data: data = data[os.write(1, data):]
        elif ready == 0:
            if not data: watched = []
            while data: data = data[os.write(fd, data):]
        elif not data: watched.remove(3)
        else:
            for line in data.decode().split('\\n'):
                words = line.split()
                if len(words) == 2: size(fd, *words)
                if len(words) == 1: os.kill(pid, getattr(signal, 'SIG' + words[0]))
os.close(fd)
os.close(1)
status = os.waitpid(pid, 0)[1]
if os.WIFSIGNALED(status): os.kill(os.getpid(), os.WTERMSIG(status))
os._exit(os.waitstatus_to_exitcode(status))
`;

/** The terminals of a "host" that is this machine; cut when `lost` is aborted. */
export function localTerminals(lost: AbortSignal): SshConnection['openTerminal'] {
  return async ({ signal, columns, rows, term, command = '' }) => {
    if (lost.aborted) throw lostError();
    if (signal.aborted) throw new DeckhandError('command.cancelled', 'aborted');
    const child = spawn('python3', ['-c', KEEPER, String(columns), String(rows), command], {
      env: { PATH: '/usr/bin:/bin', TERM: term },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    });
    await once(child, 'spawn');
    const { stdin, stdout } = child;
    if (!stdin || !stdout) throw lostError();
    const orders = child.stdio[3] as NodeJS.WritableStream;
    orders.on('error', () => undefined);
    let exit: Omit<TerminalEnd, 'reason'> | null = null;
    const exited = (async () => {
      const [exitCode, name] = (await once(child, 'exit')) as [number | null, string | null];
      exit = { exitCode, signal: name === null ? null : name.replace(/^SIG/, '') };
    })();
    const stream = new Duplex({
      read: () => void stdout.resume(),
      write: (bytes: Buffer, _encoding, done) => void stdin.write(bytes, done),
      destroy: (error, done) => {
        stdin.end();
        stdout.removeAllListeners('data').resume();
        done(error);
      },
    });
    stdin.on('error', () => undefined);
    stdout.on('data', (bytes: Buffer) => {
      if (!stream.push(bytes)) stdout.pause();
    });
    const end = async (): Promise<void> => {
      await exited;
      stream.once('end', () => stream.destroy());
      stream.push(null);
    };
    stdout.once('end', () => void end());
    const cut = (): void => void stream.destroy(lostError());
    lost.addEventListener('abort', cut, { once: true });
    stream.once('close', () => lost.removeEventListener('abort', cut));
    return {
      stream,
      ended: endOfTerminal(stream, () => exit),
      resize: size => void orders.write(`${size.columns} ${size.rows}\n`),
      signal: name => void orders.write(`${name}\n`),
    };
  };
}
