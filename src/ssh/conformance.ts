import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { FORWARD_CASES } from './conformance-forwards.ts';
import { TERMINAL_CASES } from './conformance-terminals.ts';
import type { ExecuteOptions, ExecuteResult, SshConnection } from './connection.ts';

/** The two functions of a test runner that the suite needs (vitest, node:test). */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void>) => void;
}

export interface ConformanceCase {
  readonly title: string;
  readonly run: (connection: SshConnection) => Promise<void>;
}

const MEBIBYTE = 1024 * 1024;
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, value) => value);
/** Prints the bytes 0 to 255; octal escapes work in every POSIX printf. */
const PRINT_ALL_BYTES = `printf '${Array.from(ALL_BYTES, value => `\\${value.toString(8).padStart(3, '0')}`).join('')}'`;

/**
 * What every SSH engine must do, run against a real server: a Linux host with a POSIX shell whose
 * MaxSessions is below 32. `makeConnection` opens a new connection; the suite closes it.
 */
export function sshConformance(
  name: string,
  makeConnection: () => Promise<SshConnection>,
  { describe, it }: TestRunner,
): void {
  describe(`${name}: conformance`, () => {
    for (const { title, run } of CASES) {
      it(title, async () => {
        await using connection = await makeConnection();
        await run(connection);
      });
    }
  });
}

const CASES: readonly ConformanceCase[] = [
  ...FORWARD_CASES,
  ...TERMINAL_CASES,
  {
    title: 'gives the exact bytes of both streams, apart',
    run: async connection => {
      const result = await run(connection, `${PRINT_ALL_BYTES}; ${PRINT_ALL_BYTES} >&2`);
      assert.deepEqual(plain(result.stdout), plain(ALL_BYTES));
      assert.deepEqual(plain(result.stderr), plain(ALL_BYTES));
      assert.equal(result.exitCode, 0);
      assert.equal(result.signal, null);
      assert.equal(result.truncated, false);
    },
  },
  {
    title: 'reports exit 7 as 7',
    run: async connection => {
      const result = await run(connection, 'exit 7');
      assert.equal(result.exitCode, 7);
      assert.equal(result.signal, null);
    },
  },
  {
    title: 'reports a killed command with its signal',
    run: async connection => {
      const result = await run(connection, 'kill -KILL $$');
      assert.equal(result.exitCode, null);
      assert.equal(result.signal, 'KILL');
    },
  },
  {
    title: 'sends stdin whole, then the end of file',
    run: async connection => {
      const stdin = new Uint8Array(3 * MEBIBYTE).map((_, index) => (index * 31) % 256);
      const result = await run(connection, 'cat', { stdin, collectLimit: stdin.length });
      assert.ok(Buffer.from(result.stdout).equals(Buffer.from(stdin)));
    },
  },
  {
    title: 'gives the end of file at once without stdin',
    run: async connection => {
      const result = await run(connection, 'cat; echo done');
      assert.equal(text(result), 'done\n');
    },
  },
  {
    title: 'runs 8 commands at the same time',
    run: async connection => {
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, index) => run(connection, `sleep 0.1; echo ${index}`)),
      );
      assert.deepEqual(results.map(text), ['0\n', '1\n', '2\n', '3\n', '4\n', '5\n', '6\n', '7\n']);
    },
  },
  {
    title: 'runs 100 commands over one connection',
    run: async connection => {
      // The client side of the connection, as the server sees it, is the same for all.
      const results = await Promise.all(
        Array.from({ length: 100 }, () => run(connection, 'echo "$SSH_CONNECTION"')),
      );
      assert.equal(new Set(results.map(text)).size, 1);
      assert.equal(results.length, 100);
    },
  },
  {
    title: 'waits for a free session beyond MaxSessions',
    run: async connection => {
      const results = await Promise.all(
        Array.from({ length: 32 }, (_, index) => run(connection, `sleep 0.05; echo ${index}`)),
      );
      assert.deepEqual(
        results.map(text),
        Array.from({ length: 32 }, (_, index) => `${index}\n`),
      );
    },
  },
  {
    title: 'stops a command after its timeout and serves the next',
    run: async connection => {
      await assert.rejects(run(connection, 'sleep 60', { timeout: 200 }), { code: 'command.timeout' });
      assert.equal(text(await run(connection, 'echo next')), 'next\n');
    },
  },
  {
    title: 'stops a silent command after the idle timeout, and only a silent one',
    run: async connection => {
      const busy = 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done';
      assert.equal((await run(connection, busy, { idleTimeout: 20_000 })).exitCode, 0);
      await assert.rejects(run(connection, 'echo first; sleep 60', { idleTimeout: 300 }), {
        code: 'command.idle-timeout',
      });
    },
  },
  {
    title: 'stops a command when its signal is aborted',
    run: async connection => {
      const controller = new AbortController();
      const running = connection.execute('echo started; sleep 60', {
        signal: controller.signal,
        onOutput: () => controller.abort(),
      });
      await assert.rejects(running, { code: 'command.cancelled' });
      assert.equal(text(await run(connection, 'echo next')), 'next\n');
    },
  },
  {
    title: 'leaves a command running when that was asked for, and its signal is aborted',
    run: async connection => {
      const controller = new AbortController();
      const mark = `/tmp/left-running-${process.pid}-${Date.now()}`;
      const command = `echo started; until [ -e ${mark}.go ]; do sleep 0.1; done; echo >${mark}`;
      const running = connection.execute(command, {
        signal: controller.signal,
        leaveRunning: true,
        onOutput: () => controller.abort(),
      });
      await assert.rejects(running, { code: 'command.cancelled' });
      const look = `: >${mark}.go; n=0; until [ -e ${mark} ] || [ $n -gt 600 ]; do n=$((n + 1)); sleep 0.1; done; rm ${mark}.go ${mark} && echo left`;
      assert.equal(text(await run(connection, look)), 'left\n');
    },
  },
  {
    title:
      'waits for the end of a command that it stops, where that was asked for, even of one that takes no TERM',
    run: async connection => {
      const mark = `/tmp/until-over-${process.pid}-${Date.now()}`;
      const untilOver = true;
      const begun = new AbortController();
      // not every server passes signals on: this one ends when its input does as well
      const command = `trap '' TERM; echo $$ >${mark}; echo started; cat >/dev/null; sleep 0.3`;
      const stubborn = connection.execute(command, {
        signal: begun.signal,
        untilOver,
        stdin: silence(),
        onOutput: () => begun.abort(),
      });
      await assert.rejects(stubborn, { code: 'command.cancelled' });
      const look = `kill -0 "$(cat ${mark})" 2>/dev/null && echo alive; rm -f ${mark}`;
      assert.equal(text(await run(connection, look)), '');
      // asked for, and not begun yet
      const asked = new AbortController();
      const running = connection.execute(`sleep 0.2; echo >${mark}`, { signal: asked.signal, untilOver });
      setImmediate(() => asked.abort());
      await assert.rejects(running, { code: 'command.cancelled' });
      assert.equal(text(await run(connection, `rm -f ${mark}; sleep 0.5; ls ${mark} 2>/dev/null`)), '');
    },
  },
  {
    title: 'does not start a command whose signal is aborted already',
    run: async connection => {
      const running = connection.execute('echo started', { signal: AbortSignal.abort() });
      await assert.rejects(running, { code: 'command.cancelled' });
    },
  },
  {
    title: 'keeps 200 MB of output bounded and counts them all',
    run: async connection => {
      const before = process.memoryUsage.rss();
      const result = await run(connection, 'head -c 200000000 /dev/zero', { collectLimit: 1000 });
      assert.equal(result.stdoutBytes, 200_000_000);
      assert.equal(result.stdout.length, 1000);
      assert.equal(result.truncated, true);
      assert.ok(process.memoryUsage.rss() - before < 150 * MEBIBYTE, 'memory grew with the output');
    },
  },
  {
    title: 'lets a slow reader slow the command down, whose output is much or not',
    run: async connection => {
      for (const muchOutput of [false, true]) await readSlowly(connection, muchOutput);
    },
  },
  {
    title: 'holds much output back while nobody takes it',
    run: async connection => {
      const taken = Promise.withResolvers<void>();
      const running = run(connection, 'head -c 200000000 /dev/zero', {
        collectLimit: 1000,
        muchOutput: true,
        onOutput: () => taken.promise,
      });
      // what went before is answered after it: by then the server has sent all that it may
      for (let turn = 0; turn < 20; turn += 1) await run(connection, 'true');
      const before = process.memoryUsage.rss();
      for (let turn = 0; turn < 20; turn += 1) await run(connection, 'true');
      assert.ok(process.memoryUsage.rss() - before < 50 * MEBIBYTE, 'memory grew while nobody read');
      taken.resolve();
      assert.equal((await running).stdoutBytes, 200_000_000);
    },
  },
  {
    title: 'ends a command whose reader fails with the error of the reader',
    run: async connection => {
      const running = run(connection, 'echo a; sleep 60', {
        onOutput: () => Promise.reject(new Error('the reader failed')),
      });
      await assert.rejects(running, /the reader failed/);
    },
  },
  {
    title: 'gives a terminal of the size asked for',
    run: async connection => {
      const result = await run(connection, 'cat; stty size', {
        pty: { columns: 91, rows: 33, term: 'xterm' },
      });
      assert.equal(text(result).trim(), '33 91');
    },
  },
  {
    title: 'asks for streamed input as the command takes it, and leaves it when the command ends',
    run: async connection => {
      const { signal } = new AbortController();
      const piece = Buffer.alloc(65_536, 'x');
      async function* pieces(count: number): AsyncGenerator<Uint8Array> {
        for (let sent = 0; sent < count; sent += 1) yield await Promise.resolve(piece);
      }
      const counted = await connection.execute('wc -c', { signal, stdin: pieces(160) });
      assert.equal(text(counted).trim(), String(160 * piece.length));
      const left = await connection.execute('head -c 10; exit 3', {
        signal,
        stdin: pieces(Number.POSITIVE_INFINITY),
      });
      assert.equal(left.exitCode, 3);
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(piece);
        throw new Error('the source broke');
      }
      await assert.rejects(
        connection.execute('cat >/dev/null', { signal, stdin: broken() }),
        /the source broke/,
      );
    },
  },
  {
    title: 'opens a subsystem as a stream of bytes both ways, or says that there is none',
    run: async connection => {
      const { signal } = new AbortController();
      let stream: Duplex;
      try {
        stream = await connection.openSubsystem('sftp', { signal });
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'host.unsupported');
        return;
      }
      const closed = new Promise(resolve => stream.once('close', resolve));
      // SFTP's INIT and VERSION; a server whose program is missing only ends the stream.
      stream.write(Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]));
      const received: Buffer[] = [];
      try {
        for await (const bytes of stream) {
          received.push(bytes as Buffer);
          if (Buffer.concat(received).length >= 9) break;
        }
      } catch (error) {
        // it may have ended it before there was time to write
        assert.match(String(error), /channel is closed|write after end/);
        assert.equal(received.length, 0);
      }
      if (received.length > 0) assert.deepEqual([...Buffer.concat(received).subarray(4, 9)], [2, 0, 0, 0, 3]);
      stream.destroy();
      await closed;
    },
  },
  {
    title: 'refuses a subsystem nobody knows, and forgets the attempt',
    run: async connection => {
      const { signal } = new AbortController();
      for (let attempt = 0; attempt < 12; attempt += 1) {
        await assert.rejects(connection.openSubsystem('no-such-subsystem', { signal }), {
          code: 'host.unsupported',
        });
      }
      assert.equal(text(await run(connection, 'echo next')), 'next\n');
      const aborted = connection.openSubsystem('sftp', { signal: AbortSignal.abort() });
      await assert.rejects(aborted, { code: 'command.cancelled' });
    },
  },
  {
    title: 'destroys a subsystem with the reason when the connection is closed',
    run: async connection => {
      const { signal } = new AbortController();
      const stream = await connection.openSubsystem('sftp', { signal }).catch(() => undefined);
      if (stream === undefined) return;
      const failed = new Promise<unknown>(resolve => stream.once('error', resolve));
      const ended = new Promise<unknown>(resolve => stream.once('close', () => resolve(undefined)));
      await connection.close();
      const reason = await Promise.race([failed, ended]);
      // A server whose program is missing may have closed it before.
      if (reason !== undefined) assert.equal((reason as { code?: unknown }).code, 'ssh.connection-lost');
      assert.equal(stream.destroyed, true);
    },
  },
  {
    title: 'closes: commands end with a typed error, closed settles without one',
    run: async connection => {
      const started = Promise.withResolvers<void>();
      const running = run(connection, 'echo up; sleep 60', { onOutput: () => started.resolve() });
      const ended = assert.rejects(running, { code: 'ssh.connection-lost' });
      await started.promise;
      await connection.close();
      assert.equal(await connection.closed, undefined);
      await ended;
      await assert.rejects(run(connection, 'true'), { code: 'ssh.connection-lost' });
    },
  },
];

async function readSlowly(connection: SshConnection, muchOutput: boolean): Promise<void> {
  let seen = 0;
  let most = 0;
  let inside = 0;
  const result = await run(connection, 'head -c 8000000 /dev/zero', {
    muchOutput,
    onOutput: async (_stream, bytes) => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(resolve => setImmediate(resolve));
      seen += bytes.length;
      inside -= 1;
    },
  });
  assert.equal(seen, 8_000_000);
  assert.equal(result.stdoutBytes, 8_000_000);
  assert.equal(most, 1, 'the next piece came before the reader was done');
}

function run(
  connection: SshConnection,
  command: string,
  options: Omit<ExecuteOptions, 'signal'> = {},
): Promise<ExecuteResult> {
  return connection.execute(command, { signal: new AbortController().signal, ...options });
}
function text(result: ExecuteResult): string {
  return Buffer.from(result.stdout).toString();
}
function plain(bytes: Uint8Array): number[] {
  return [...bytes];
}

/** Input that never comes. */
async function* silence(): AsyncGenerator<Uint8Array> {
  await new Promise<never>(() => undefined);
  yield new Uint8Array(0);
}
