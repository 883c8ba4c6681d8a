import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HOLDER_SCRIPT } from '../../src/holder/holder-script.ts';
import { type LocalHost, text } from './local-host.ts';

/** Moments of a run that are too short to be met by chance: the script is held there, and what may come then comes. */
export function describeWindows(host: LocalHost): void {
  let count = 0;
  const placed = (script: string): string => {
    count += 1;
    const file = join(host.root, `holder-placed-${count}.sh`);
    writeFileSync(file, script);
    return file;
  };
  /** The script with one place changed, as a file on the host. */
  const changed = (place: string, by: string): string => {
    if (!HOLDER_SCRIPT.includes(place)) throw new Error(`there is no ${place}`);
    return placed(HOLDER_SCRIPT.replace(place, () => by));
  };
  const verb = (file: string, ...words: readonly string[]): ChildProcess =>
    spawn(join(host.tools, 'sh'), [file, 'M', ...words], {
      env: { PATH: `${host.tools}:/usr/bin:/bin` },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  const said = async ({ stdout }: ChildProcess): Promise<string> => {
    const pieces: Buffer[] = [];
    for await (const piece of stdout ?? []) pieces.push(piece as Buffer);
    return text(Buffer.concat(pieces));
  };
  const start = (file: string, id: string, script: string): Promise<string> => {
    const child = verb(file, 'run', id, '1024', '-', 'lines');
    child.stdin?.end(`${script}\nM\n`);
    return said(child);
  };
  const cancel = async (file: string, id: string): Promise<string> => {
    const child = verb(file, 'cancel', id, '1000');
    child.stdin?.end();
    return await said(child);
  };
  const ran = (id: string): string => join(host.root, `ran-${id}`);

  it('ends with a command that has ended before anybody waits for it, though its child holds the output', async () => {
    const sleep = host.sleep();
    const run = start(
      changed('\n  tick\n', '\n  sleep 0.3\n  tick\n'),
      'short',
      `echo first; ${sleep} & exit 0`,
    );
    expect(await run).toContain('x exit 0 6 0 6 0\n');
    execFileSync('pkill', ['-KILL', '-f', `^${sleep}`]);
  });

  it('keeps what is drained late, as long as somebody works on it', async () => {
    const busy =
      '{ read -r up _ </proc/uptime; end=$((${up%.*} + 3)); while [ "${up%.*}" -lt "$end" ]; do read -r up _ </proc/uptime; done; exec tee "$dir/out"; } <"$dir/o"';
    const file = changed('tee "$dir/out" <"$dir/o"', busy);
    expect(await start(file, 'late-drain', 'echo hi')).toContain('x exit 0 3 0 3 0\n');
  });

  it('says so, and leaves nothing, where nothing could be started', async () => {
    const file = changed('record_self "$dir/pid" || return', 'return');
    expect(await start(file, 'unstarted', 'echo never')).toContain('f directory\n');
    expect(existsSync(join(host.root, 'runs/unstarted'))).toBe(false);
  });

  it('is cancelled for good between the last look for a cancel and the first of its command', async () => {
    const file = changed('supervisor=$subject\n', 'supervisor=$subject\nsleep 4\n');
    const run = start(file, 'early', `touch '${ran('early')}'`);
    await expect.poll(() => existsSync(join(host.root, 'runs/early/pid')), { timeout: 60_000 }).toBe(true);
    await cancel(file, 'early');
    expect(await run).toContain('x signal 15 ');
    expect(existsSync(ran('early'))).toBe(false);
  });

  it('stays cancelled though the start that was there is withdrawn, for whoever waits behind it', async () => {
    const file = placed(HOLDER_SCRIPT);
    const first = verb(file, 'run', 'withdrawn', '1024', '-', 'lines');
    first.stdin?.write('echo half');
    await expect
      .poll(() => existsSync(join(host.root, 'runs/withdrawn/starter')), { timeout: 60_000 })
      .toBe(true);
    const second = start(file, 'withdrawn', `touch '${ran('withdrawn')}'`);
    const cancelled = cancel(file, 'withdrawn');
    await expect
      .poll(() => existsSync(join(host.root, 'runs/withdrawn/cancelled')), { timeout: 60_000 })
      .toBe(true);
    first.stdin?.end();
    await Promise.all([cancelled, said(first)]);
    expect(await second).toContain('x signal 15 ');
    expect(existsSync(ran('withdrawn'))).toBe(false);
  });
}
