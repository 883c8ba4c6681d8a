import { explain, type FailureSignature, repair } from './signature.ts';

const PAUSE = 'sleep 5';

export const networkSignatures: readonly FailureSignature[] = [
  {
    id: 'certificate-unknown',
    pattern:
      /SSL certificate problem: (?:self-signed certificate|unable to get local issuer certificate)|certificate verify failed: (?:self-signed|unable to get local issuer)/,
    action: repair(
      'the certificate is not by an authority the host knows: read /usr/local/share/ca-certificates again',
      'update-ca-certificates',
    ),
  },
  {
    id: 'certificate-refused',
    pattern: /SSL certificate problem|certificate verify failed|certificate is not yet valid/,
    action: explain(
      'step.check-failed',
      'the server’s certificate does not hold',
      'Look at its dates, its names and the clock of the host; it is never let through unchecked.',
    ),
  },
  {
    id: 'server-busy',
    pattern: /The requested URL returned error: (?:429|50[0234])|curl: \((?:18|52|56)\)/,
    action: repair('the server is busy: give it five seconds', PAUSE, { needsRoot: false }),
  },
  {
    id: 'server-refuses',
    pattern: /The requested URL returned error: 4\d\d/,
    action: explain(
      'step.check-failed',
      'the server refuses what is asked of it',
      'Check the address, and whether it wants a login.',
    ),
  },
  {
    id: 'local-port-closed',
    pattern: /Failed to connect to (?:127\.0\.0\.1|::1|localhost) port \d+/,
    action: repair('a service of the host does not listen yet: give it five seconds', PAUSE, {
      needsRoot: false,
    }),
  },
  {
    id: 'names-not-yet',
    pattern: /Temporary failure in name resolution/,
    action: repair('names do not resolve for the moment: give it five seconds', PAUSE, { needsRoot: false }),
  },
  {
    id: 'name-unknown',
    pattern: /Could not resolve host: \S+|Name or service not known/,
    action: explain(
      'command.failed',
      'the host cannot resolve a name',
      'Check the name, and DNS on the host (/etc/resolv.conf).',
    ),
  },
  {
    id: 'host-key-changed',
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/,
    action: explain(
      'step.check-failed',
      'another machine, or somebody between, answers where the host connects to',
      'Find out why before anything else; known keys are never removed by themselves.',
    ),
  },
  {
    id: 'ssh-refused',
    pattern: /Permission denied \(publickey/,
    action: explain(
      'step.check-failed',
      'the machine that the host connects to takes none of its keys',
      'Add the host’s public key there.',
    ),
  },
  {
    id: 'connection-refused',
    pattern: /Connection refused|Could not connect to server/,
    action: explain(
      'step.check-failed',
      'nothing listens where the host connects to',
      'Check the address, and whether the service runs there.',
    ),
  },
  {
    id: 'connection-timed-out',
    pattern: /Connection timed out|Operation timed out|timed out after/,
    action: explain(
      'step.check-failed',
      'nothing answers where the host connects to',
      'Check the route, firewalls and proxy settings.',
    ),
  },
];
