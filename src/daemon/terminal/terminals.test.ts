import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttachedTerminal, TerminalItem, TerminalTicket } from '../../api/terminal-contract.ts';
import { systemClock } from '../../core/clock.ts';
import { DEFAULTS, type SettingValues } from '../../settings/schema.ts';
import type { SshConnection, TerminalEnd } from '../../ssh/connection.ts';
import { Recorder } from './recorder.ts';
import { type TerminalAudit, Terminals } from './terminals.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dh-terminals-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Bytes of each piece of a flood. */
const PIECE = 32_768;

/** A host whose terminals a test plays; `flood`: pieces that it prints as they are asked for. */
function playedHost(flood = 0) {
  let left = flood;
  const typed: string[] = [];
  const sizes: unknown[] = [];
  const ended = Promise.withResolvers<TerminalEnd>();
  const stream: Duplex = new Duplex({
    read: () => {
      if (left <= 0) return;
      left -= 1;
      stream.push(Buffer.alloc(PIECE, 'x'));
    },
    write: (bytes: Buffer, _encoding, done) => {
      typed.push(bytes.toString());
      done();
    },
  });
  stream.once('close', () => ended.resolve({ exitCode: null, signal: null, reason: null }));
  const terminal = {
    stream,
    ended: ended.promise,
    resize: (size: unknown) => sizes.push(size),
    signal: () => undefined,
  };
  const connection = { openTerminal: () => Promise.resolve(terminal) } as unknown as SshConnection;
  return {
    connection,
    stream,
    typed,
    sizes,
    left: () => left,
    /** The program ends by itself. */
    exit(exitCode: number): void {
      stream.push(null);
      ended.resolve({ exitCode, signal: null, reason: null });
    },
  };
}

function terminals() {
  const audited: TerminalAudit[] = [];
  const all = new Terminals({
    clock: systemClock,
    folder,
    audit: entry => Promise.resolve(void audited.push(entry)),
    onTrouble: () => undefined,
  });
  const open = async (
    host: ReturnType<typeof playedHost>,
    settings: Partial<SettingValues> = {},
    who = 'me',
  ): Promise<TerminalTicket> =>
    await all.open({
      who,
      host: 'web-1',
      wish: { columns: 80, rows: 24 },
      settings: { ...DEFAULTS, ...settings },
      requestId: 'r',
      connect: () => Promise.resolve(host.connection),
    });
  const attach = (ticket: string, after = 0, signal = new AbortController().signal): AttachedTerminal =>
    all.attach('me', 'web-1', ticket, { signal, after });
  return { all, audited, open, attach };
}

async function next(items: AsyncIterator<TerminalItem>): Promise<TerminalItem> {
  return (await items.next()).value as TerminalItem;
}
const textOf = (item: TerminalItem): string =>
  item.item === 'output' ? Buffer.from(item.bytes).toString() : item.item;

describe('a terminal', () => {
  it('takes what was typed before the host was there, tells of its size and how it ended', async () => {
    const { open, attach, audited, all } = terminals();
    await using _all = all;
    const host = playedHost();
    const line = attach((await open(host)).ticket);
    await line.write(Buffer.from('early'));
    line.resize({ columns: 100, rows: 30 });
    const items = line.items()[Symbol.asyncIterator]();
    expect(await next(items)).toEqual({ item: 'opened', from: 0, until: 0 });
    expect(host.typed).toEqual(['early']);
    expect(host.sizes).toEqual([{ columns: 100, rows: 30 }]);
    host.stream.push('hello');
    expect(textOf(await next(items))).toBe('hello');
    host.exit(3);
    expect(await next(items)).toEqual({ item: 'ended', exit: { exitCode: 3, signal: null, error: null } });
    await expect.poll(() => audited.map(({ action }) => action)).toEqual(['terminal.open', 'terminal.close']);
    expect(audited[1]?.why).toMatch(/^exit 3; \d+ s, 5 bytes out, 5 bytes in$/);
  });

  it('gives a ticket once, to one caller, for one host', async () => {
    const { open, attach, all } = terminals();
    await using _all = all;
    const { ticket, terminal } = await open(playedHost());
    const signal = new AbortController().signal;
    const invalid = expect.objectContaining({ code: 'terminal.ticket-invalid' });
    expect(() => attach('x'.repeat(43))).toThrow(invalid);
    expect(() => all.attach('you', 'web-1', ticket, { signal })).toThrow(invalid);
    // whoever tried it has used it up
    expect(() => attach(ticket)).toThrow(invalid);
    const again = all.rejoin('me', 'web-1', terminal);
    expect(() => all.attach('me', 'web-2', again.ticket, { signal })).toThrow(invalid);
    for (const [who, host] of [
      ['you', 'web-1'],
      ['me', 'web-2'],
    ] as const)
      expect(() => all.rejoin(who, host, terminal)).toThrow(
        expect.objectContaining({ code: 'terminal.unknown' }),
      );
  });

  it('stops the host while its reader is behind, and not while there is none', async () => {
    const { open, attach, all } = terminals();
    await using _all = all;
    const host = playedHost(64);
    const { ticket, terminal } = await open(host);
    const leaving = new AbortController();
    const first = attach(ticket, 0, leaving.signal).items();
    const items = first[Symbol.asyncIterator]();
    await next(items);
    await next(items);
    for (let turn = 0; turn < 200; turn += 1) await new Promise(resolve => setImmediate(resolve));
    // of two megabytes; what nobody takes stays with the host
    expect(host.left()).toBeGreaterThan(50);
    leaving.abort();
    await expect.poll(() => host.left() + host.stream.readableLength).toBe(0);
    const again = attach(all.rejoin('me', 'web-1', terminal).ticket, PIECE).items();
    const back = again[Symbol.asyncIterator]();
    // the ring holds half a megabyte: what was before is gone, and it is said where it goes on
    const opened = await next(back);
    expect(opened).toEqual({ item: 'opened', from: 64 * PIECE - 512 * 1024, until: 64 * PIECE });
    let bytes = 0;
    while (bytes < 512 * 1024) bytes += textOf(await next(back)).length;
    expect(bytes).toBe(512 * 1024);
  });

  it('is closed when nobody comes, comes back, or types; and with its person', async () => {
    const { open, attach, all } = terminals();
    await using _all = all;
    const codeOf = async (line: AttachedTerminal): Promise<string | undefined> => {
      for await (const item of line.items()) if (item.item === 'ended') return item.exit.error?.code;
      return undefined;
    };
    expect(await codeOf(attach((await open(playedHost(), { 'terminal.idle': 20 })).ticket))).toBe(
      'terminal.idle',
    );
    const leaving = new AbortController();
    const left = await open(playedHost(), { 'terminal.keep': 60_000 });
    attach(left.ticket, 0, leaving.signal);
    leaving.abort();
    const back = attach(all.rejoin('me', 'web-1', left.terminal).ticket);
    all.closeThoseOf('me');
    expect(await codeOf(back)).toBe('terminal.revoked');
  });
});

describe('a recording', () => {
  it('ends the terminal that outgrows it, and keeps characters whole', async () => {
    const about = { id: 'terminal-1', host: 'web-1', who: 'me', term: 'xterm', columns: 80, rows: 24 };
    const recorder = await Recorder.open(join(folder, 'casts'), about, systemClock, 400);
    await recorder.output(Buffer.from('gr\xc3', 'latin1'));
    await recorder.output(Buffer.from('\xbc\xc3\x9fe\x1b[0m', 'latin1'));
    await expect(recorder.output(Buffer.alloc(400, 'x'))).rejects.toMatchObject({
      code: 'terminal.not-recorded',
    });
    await recorder.close();
    const [name = ''] = await readdir(join(folder, 'casts'));
    const lines = (await readFile(join(folder, 'casts', name), 'utf8')).trimEnd().split('\n');
    const parts = lines.slice(1).map(line => (JSON.parse(line) as string[])[2]);
    expect(parts).toEqual(['gr', 'üße\x1b[0m']);
  });
});
