import { describe, expect, it } from 'vitest';
import { LocalConnection } from '../../../test/fakes/local-connection.ts';
import { runScript } from './run-script.ts';

const connection = new LocalConnection({ home: '/tmp', shellDirectory: '/bin' });
const { signal } = new AbortController();
/** More than the command line of a small server takes. */
const long = `: ${"'x y'".repeat(4000)}; printf '%s|' 'a\nb' '\xff$'; cat; exit 3`;

describe('a script that is too long for a command line', () => {
  it.each([
    ['none', undefined],
    ['bytes', Buffer.from('and its input\n')],
    [
      'pieces',
      (async function* pieces(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('and its ');
        yield Buffer.from('input\n');
      })(),
    ],
  ] as const)('runs as it is, and reads its own stdin after it: %s', async (kind, stdin) => {
    const before = connection.commands.length;
    const { exitCode, stdout } = await runScript(connection, long, {
      signal,
      ...(stdin === undefined ? {} : { stdin }),
    });
    expect(exitCode).toBe(3);
    const rest = kind === 'none' ? '' : 'and its input\n';
    expect(stdout.toString('latin1')).toBe(`a\nb|\xff$|${rest}`);
    expect(connection.commands[before]?.length).toBeLessThan(9000);
  });
});
