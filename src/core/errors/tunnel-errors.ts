import { type ErrorTraits, row } from './row.ts';

/** What goes wrong with tunnels and the connections through them. */
export const tunnelErrors = {
  'tunnel.forward-denied': row(
    'The server does not let this account forward connections.',
    'failed',
    403,
    'Allow it in sshd_config of the host: AllowTcpForwarding, AllowStreamLocalForwarding, PermitOpen, PermitListen.',
  ),
  'tunnel.target-refused': row(
    'The host cannot connect to the target of the tunnel.',
    'unreachable',
    502,
    'Check on the host that something listens there.',
    'retry',
  ),
  'tunnel.listen-refused': row(
    'The host does not listen where it was asked to.',
    'failed',
    409,
    'Choose another port or path on the host; ports below 1024 need root there.',
  ),
  'tunnel.port-busy': row(
    'Something else listens on the local port or socket.',
    'failed',
    409,
    'Choose another one, or port 0 for any free one.',
  ),
  'tunnel.local-refused': row(
    'This machine does not listen where it was asked to.',
    'failed',
    409,
    'Correct the address or path named in the message; ports below 1024 need root.',
  ),
  'tunnel.down': row(
    'The tunnel has no connection to its host at the moment.',
    'unreachable',
    503,
    'It connects again by itself; `deckhand tunnel show` says what keeps it.',
    'retry',
  ),
  'tunnel.needs-attention': row(
    'The tunnel no longer tries to connect: a person has to mend something first.',
    'authentication',
    503,
    'Read the cause with `deckhand tunnel show`, mend it, then `deckhand tunnel start`.',
  ),
  'tunnel.exists': row(
    'A tunnel with this name is there already, and it is another one.',
    'usage',
    409,
    'Choose another name, or remove the old one with `deckhand tunnel remove`.',
  ),
  'tunnel.unknown': row('No tunnel has this name.', 'usage', 404, 'List them with `deckhand tunnel list`.'),
} as const satisfies Record<string, ErrorTraits>;
