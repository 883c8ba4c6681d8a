import { quote } from '../../shell/quote.ts';
import { explain, type FailureSignature, repair } from './signature.ts';

export const accountSignatures: readonly FailureSignature[] = [
  {
    id: 'group-missing',
    pattern: /(?:useradd|usermod): group ['‘’"](?<subject>[^'‘’"]+)['‘’"] does not exist/,
    action: repair('a group that the step names is missing: make it', {
      takes: 'group',
      script: group => `groupadd --system -- ${quote(group)}`,
    }),
  },
  {
    id: 'account-exists',
    pattern: /(?:useradd|adduser|groupadd|addgroup): (?:user|group) ['‘’"][^'‘’"]+['‘’"] already exists/,
    action: explain(
      'step.check-failed',
      'the account or group is there already',
      'A `user` or `group` state takes it as it is.',
    ),
  },
  {
    id: 'account-unknown',
    pattern: /invalid (?:user|group)(?::| ['‘’"])/,
    action: explain(
      'step.check-failed',
      'an account or group that the step names does not exist',
      'Add a `user` or `group` state before it.',
    ),
  },
];
