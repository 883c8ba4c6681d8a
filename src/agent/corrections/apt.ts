import { explain, type FailureSignature, type Repair, repair } from './signature.ts';

/** Locks are waited for and never broken; nothing is removed, and no signature is let off. */
export const APT = 'DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -y -q';
const UPDATE = `${APT} -o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any update`;

function refresh(title: string): Repair {
  return repair(`${title}: refresh the package lists`, UPDATE, { timeout: 300_000 });
}

/** Takes the same locks as the failed command, changes nothing, and so waits for whoever holds them. */
export const waitForPackageLock: Repair = repair(
  'another program holds the package lock: wait for it, never break it',
  `${APT} -o DPkg::Lock::Timeout=300 install`,
  { timeout: 330_000 },
);

/** apt waits for every lock but the one of its lists. */
const WAIT_FOR_LISTS = `for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if ${UPDATE}; then exit 0; fi
  sleep 3
done
exit 1`;

export const aptSignatures: readonly FailureSignature[] = [
  {
    id: 'apt-not-root',
    pattern: /are you root\?|requested operation requires superuser privilege/,
    action: explain(
      'privilege.needed',
      'packages are changed by root only, and the step runs as the login account',
      'Give the step `privilege: root`.',
    ),
  },
  {
    id: 'apt-lists-locked',
    pattern: /Could not get lock \/var\/lib\/apt\/lists\/|Unable to lock directory \/var\/lib\/apt\/lists/,
    action: repair('another program refreshes the package lists: wait for it', WAIT_FOR_LISTS, {
      timeout: 300_000,
    }),
  },
  {
    id: 'apt-lock',
    pattern:
      /Could not get lock \/var\/(?:lib\/dpkg|cache\/apt)\/|Unable to acquire the dpkg frontend lock|Unable to lock the administration directory/,
    action: waitForPackageLock,
  },
  {
    id: 'apt-cache-full',
    pattern: /You don['‘’]t have enough free space in \/var\/cache\/apt\/archives/,
    action: repair(
      'there is no room for what is downloaded: drop packages that were downloaded before',
      'apt-get clean',
    ),
  },
  {
    id: 'apt-names-do-not-resolve',
    pattern: /Temporary failure resolving/,
    action: explain(
      'command.failed',
      'the host cannot resolve the package mirror’s name',
      'Mend DNS on the host (/etc/resolv.conf).',
    ),
  },
  {
    id: 'apt-clock',
    pattern: /Not live until \S+|is not valid yet \(invalid for another|Release file .* is expired/,
    action: explain(
      'step.check-failed',
      'the signatures of the repository are for another time: the clock of the host is wrong, or the mirror is old',
      'Compare `date` with your own clock, then let the host keep time (systemd-timesyncd, chrony).',
    ),
  },
  {
    id: 'apt-key',
    pattern: /NO_PUBKEY [0-9A-F]+|OpenPGP signature verification failed|EXPKEYSIG|is not signed\./,
    action: explain(
      'step.check-failed',
      'the repository is not signed by a key that the host knows',
      'Check the source and its Signed-By key by hand; an unsigned repository is never trusted by itself.',
    ),
  },
  {
    id: 'apt-no-release',
    pattern: /does not (?:any longer )?have a Release file/,
    action: explain(
      'step.check-failed',
      'a source in /etc/apt names a repository or suite that is not there',
      'Correct or remove the source that the message names.',
    ),
  },
  {
    id: 'apt-release-changed',
    pattern: /changed its ['‘’"]\w+['‘’"] value from/,
    action: explain(
      'step.check-failed',
      'the repository calls itself something else than before (a new release, perhaps)',
      'If that is expected: `apt-get update --allow-releaseinfo-change`, by hand.',
    ),
  },
  {
    id: 'apt-sources',
    pattern: /E: Type '[^']+' is not known on line \d+|E: Malformed (?:entry|stanza|line) \d+/,
    action: explain(
      'step.check-failed',
      'a file of package sources cannot be read',
      'Correct the file and line that the message names.',
    ),
  },
  {
    id: 'apt-held',
    pattern: /Held packages were changed and -y was used without --allow-change-held-packages/,
    action: explain(
      'step.check-failed',
      'a package that would change is held: somebody wants it to stay as it is',
      'See `apt-mark showhold`; release it by hand if that is right.',
    ),
  },
  {
    id: 'apt-remove-refused',
    pattern: /Packages need to be removed but remove is disabled/,
    action: explain(
      'step.check-failed',
      'installing it would remove other packages, which nobody agreed to',
      'See which with `apt-get -s install`, and decide by hand.',
    ),
  },
  {
    id: 'apt-unmet-dependencies',
    pattern: /Unmet dependencies\. Try ['‘’"]apt --fix-broken install['‘’"]/,
    action: repair(
      'packages lack what they depend on: install that, removing nothing',
      `${APT} -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --no-remove -f install`,
      { timeout: 600_000 },
    ),
  },
  {
    id: 'apt-broken-packages',
    pattern: /you have held broken packages|The following packages have unmet dependencies/,
    action: explain(
      'step.check-failed',
      'the packages do not fit together in the versions that the sources offer',
      'Read which ones in the output; a source may be missing, or be of another release.',
    ),
  },
  {
    id: 'apt-lists-damaged',
    pattern:
      /Unable to parse package file|package lists or status file could not be parsed|package cache file is corrupted|Problem with MergeList|Encountered a section with no Package/,
    action: repair('the package lists are damaged: fetch them anew', `apt-get -q distclean || :\n${UPDATE}`, {
      timeout: 300_000,
    }),
  },
  {
    id: 'apt-size-changed',
    pattern: /File has unexpected size|Hash Sum mismatch|Mirror sync in progress/,
    action: refresh('a package on the mirror is not the one in the lists'),
  },
  {
    id: 'apt-mirror-busy',
    pattern: /E: Failed to fetch \S+ {2}(?:50[0234]|429) /,
    action: repair('the mirror is busy: give it five seconds', 'sleep 5', { needsRoot: false }),
  },
  {
    id: 'apt-version-unknown',
    pattern: /E: Version ['‘’"][^'‘’"]+['‘’"] for ['‘’"][^'‘’"]+['‘’"] was not found/,
    action: refresh('the lists do not know that version'),
  },
  {
    id: 'apt-lists-stale',
    pattern: /E: Unable to locate package|has no installation candidate/,
    action: refresh('the lists do not know that package'),
  },
  {
    id: 'apt-package-moved',
    pattern: /E: Failed to fetch .* {2}404 {2}|maybe run apt-get update/,
    action: refresh('a package has moved on the mirror'),
  },
];
