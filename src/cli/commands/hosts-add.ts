import { buildCommand } from '@stricli/core';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';

interface AddFlags extends CommonFlags {
  readonly user: string | undefined;
  readonly port: string | undefined;
  readonly identityFile: string | undefined;
  readonly group: readonly string[];
}

const text = (input: string): string => input;

/** `deckhand hosts add NAME ADDRESS`. */
export const hostsAddCommand = buildCommand<AddFlags, [string, string], CliContext>({
  docs: {
    brief: 'Add a host to deckhand.yaml',
    fullDescription: `Example:
  deckhand hosts add web-1 192.0.2.10 --user admin --group web`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      user: {
        kind: 'parsed',
        parse: text,
        optional: true,
        brief: 'Account to log in as',
        placeholder: 'USER',
      },
      port: { kind: 'parsed', parse: text, optional: true, brief: 'Port of sshd', placeholder: 'PORT' },
      identityFile: {
        kind: 'parsed',
        parse: text,
        optional: true,
        brief: 'Private key to log in with',
        placeholder: 'FILE',
      },
      group: {
        kind: 'parsed',
        parse: text,
        variadic: true,
        default: [],
        brief: 'Group it belongs to; repeatable',
        placeholder: 'GROUP',
      },
    },
    aliases: { ...commonAliases, i: 'identityFile' },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: text, brief: 'Name to use from now on', placeholder: 'NAME' },
        { parse: text, brief: 'IP address or DNS name', placeholder: 'ADDRESS' },
      ],
    },
  },
  async func(flags, name, address) {
    await withEngine(this, flags, async session => {
      const { file } = await session.api.addHost({
        name,
        address,
        groups: flags.group,
        ...(flags.user === undefined ? {} : { user: flags.user }),
        ...(flags.port === undefined ? {} : { port: portOf(flags.port) }),
        ...(flags.identityFile === undefined ? {} : { identityFile: flags.identityFile }),
      });
      session.result({ name, file }, () => `added ${name} to ${file}\n`);
      return 0;
    });
  },
});

function portOf(input: string): number {
  const port = /^\d{1,5}$/.test(input) ? Number(input) : 0;
  if (port < 1 || port > 65_535)
    throw new DeckhandError('input.invalid', `--port: '${input}' is no port between 1 and 65535.`);
  return port;
}
