import assert from 'node:assert/strict';
import type { HostTerminal, SshConnection, TerminalOptions } from './connection.ts';
import type { ConformanceCase } from './conformance.ts';

const FLOOD = 20_000_000;

/** What every engine's terminals must do. */
export const TERMINAL_CASES: readonly ConformanceCase[] = [
  {
    title: 'opens the login shell on a terminal: a prompt, echo, its exit code',
    run: async connection => {
      const terminal = await open(connection);
      const screen = new Screen(terminal);
      terminal.stream.write('echo $((6 * 7))-$TERM; exit 5\r');
      await screen.shows('42-xterm-256color');
      // what was typed came back as well
      await screen.shows('echo $((6 * 7))');
      assert.deepEqual(await terminal.ended, { exitCode: 5, signal: null, reason: null });
    },
  },
  {
    title: 'has the size asked for, and another after a resize that the program is told of',
    run: async connection => {
      const command = `trap 'stty size; exit 0' WINCH; stty size; while :; do sleep 0.1; done`;
      const terminal = await open(connection, { command, columns: 91, rows: 33 });
      const screen = new Screen(terminal);
      await screen.shows('33 91');
      terminal.resize({ columns: 132, rows: 43 });
      await screen.shows('43 132');
      assert.equal((await terminal.ended).exitCode, 0);
    },
  },
  {
    title: 'takes Ctrl-C as a terminal does',
    run: async connection => {
      const terminal = await open(connection, {
        command: 'trap "exit 9" INT; echo up; while :; do sleep 1; done',
      });
      const screen = new Screen(terminal);
      await screen.shows('up');
      terminal.stream.write('\x03');
      assert.equal((await terminal.ended).exitCode, 9);
    },
  },
  {
    title: 'gives a killed program with its signal',
    run: async connection => {
      const terminal = await open(connection, { command: 'kill -KILL $$' });
      new Screen(terminal);
      const { exitCode, signal } = await terminal.ended;
      // without a word of the signal it is what shells make of it
      assert.ok(signal === 'KILL' || exitCode === 137, `${exitCode} ${signal}`);
    },
  },
  {
    title: 'stops a program that nobody reads, and gives all of it when somebody does',
    run: async connection => {
      const before = process.memoryUsage.rss();
      // the program waits at its end: some servers drop what is on the way when it goes
      const command = `stty raw -echo; head -c ${FLOOD} /dev/zero; printf done; read line`;
      const terminal = await open(connection, { command });
      await connection.execute('sleep 1', { signal: new AbortController().signal });
      let bytes = 0;
      terminal.stream.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes === FLOOD + 4) terminal.stream.write('\n');
      });
      assert.equal((await terminal.ended).exitCode, 0);
      assert.equal(bytes, FLOOD + 4);
      assert.ok(process.memoryUsage.rss() - before < 100 * 1024 * 1024, 'memory grew with the output');
    },
  },
  {
    title: 'hangs up when the stream is destroyed, and serves the next',
    run: async connection => {
      const mark = `/tmp/hung-up-${process.pid}-${Date.now()}`;
      const command = `trap 'echo >${mark}; exit' HUP; echo up; while :; do sleep 0.2; done`;
      const terminal = await open(connection, { command });
      await new Screen(terminal).shows('up');
      terminal.stream.destroy();
      await terminal.ended;
      const look = `n=0; until [ -e ${mark} ] || [ $n -gt 600 ]; do n=$((n + 1)); sleep 0.1; done; rm ${mark} && echo gone`;
      const { stdout } = await connection.execute(look, { signal: new AbortController().signal });
      assert.equal(Buffer.from(stdout).toString(), 'gone\n');
    },
  },
  {
    title: 'ends a terminal with the reason when the connection is closed; an aborted opening opens none',
    run: async connection => {
      await assert.rejects(open(connection, { signal: AbortSignal.abort() }), { code: 'command.cancelled' });
      const terminal = await open(connection, { command: 'echo up; sleep 60' });
      await new Screen(terminal).shows('up');
      await connection.close();
      assert.equal((await terminal.ended).reason?.code, 'ssh.connection-lost');
      assert.equal(terminal.stream.destroyed, true);
    },
  },
];

async function open(
  connection: SshConnection,
  options: Partial<TerminalOptions> = {},
): Promise<HostTerminal> {
  const { signal } = new AbortController();
  return await connection.openTerminal({ signal, columns: 80, rows: 24, term: 'xterm-256color', ...options });
}

/** All that came on a terminal. */
class Screen {
  #text = '';
  #wake = Promise.withResolvers<void>();
  readonly #terminal: HostTerminal;

  constructor(terminal: HostTerminal) {
    this.#terminal = terminal;
    terminal.stream.on('error', () => undefined);
    terminal.stream.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString('latin1');
      this.#wake.resolve();
    });
  }

  async shows(text: string): Promise<void> {
    let over = false;
    const end = (): void => {
      over = true;
      this.#wake.resolve();
    };
    void this.#terminal.ended.then(end);
    while (!this.#text.includes(text)) {
      assert.ok(!over, `the terminal ended without '${text}': ${JSON.stringify(this.#text)}`);
      this.#wake = Promise.withResolvers();
      if (!over) await this.#wake.promise;
    }
  }
}
