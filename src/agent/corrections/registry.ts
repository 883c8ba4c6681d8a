import { accountSignatures } from './accounts.ts';
import { aptSignatures } from './apt.ts';
import { dpkgSignatures } from './dpkg.ts';
import { fileSignatures } from './files.ts';
import { gitSignatures } from './git.ts';
import { networkSignatures } from './network.ts';
import { programSignatures } from './programs.ts';
import { shellSignatures } from './shell.ts';
import type { FailureSignature } from './signature.ts';
import { journalSignatures, systemdSignatures } from './systemd.ts';

/** Everything known, in order: the first match is taken, so families with the more special words come first. */
export const FAILURE_SIGNATURES: readonly FailureSignature[] = [
  ...aptSignatures,
  ...dpkgSignatures,
  ...systemdSignatures,
  ...programSignatures,
  ...gitSignatures,
  ...accountSignatures,
  ...networkSignatures,
  ...fileSignatures,
  ...shellSignatures,
  ...journalSignatures,
];
