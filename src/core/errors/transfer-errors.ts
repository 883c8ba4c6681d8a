import { type ErrorTraits, row } from './row.ts';

/** What goes wrong with files on their way to, from and on a host. */
export const transferErrors = {
  'transfer.missing': row(
    'A file or folder that should be there is not.',
    'failed',
    404,
    'Check the path named in the message; list its folder to see what is there.',
  ),
  'transfer.no-permission': row(
    'The account may not read or write this path.',
    'failed',
    403,
    'Check owner and mode of the path and of the folders above it, or use another account.',
  ),
  'transfer.exists': row(
    'Something is already there under this name.',
    'failed',
    409,
    'Choose another name, or remove what is there.',
  ),
  'transfer.not-a-directory': row(
    'A folder was expected, but the path is something else.',
    'failed',
    409,
    'Correct the path, or move aside what is there.',
  ),
  'transfer.is-a-directory': row(
    'A file was expected, but the path is a folder.',
    'failed',
    409,
    'Name a file inside the folder, or transfer the folder itself.',
  ),
  'transfer.not-empty': row(
    'The folder still has something in it.',
    'failed',
    409,
    'Remove or move what is in it first.',
  ),
  'transfer.read-only': row(
    'The file system is mounted read-only.',
    'failed',
    409,
    'Choose a path on another file system, or mount it writable.',
  ),
  'transfer.name-too-long': row(
    'The name or path is longer than the host allows.',
    'failed',
    400,
    'Shorten the name: most file systems allow 255 bytes for each part of a path.',
  ),
  'transfer.other-file-system': row(
    'The two paths lie on different file systems.',
    'failed',
    409,
    'Copy the file and remove the old one, or choose a path on the same file system.',
  ),
  'transfer.quota': row(
    'The host takes no more data for this account, although the file system has room.',
    'failed',
    507,
    "Free some of the account's space, or raise its quota or file size limit.",
  ),
  'transfer.unsupported': row(
    'The host cannot do this with files.',
    'failed',
    422,
    'See the message for what is missing on the host.',
  ),
  'transfer.changed': row(
    'The file changed while it was read.',
    'failed',
    409,
    'Stop what writes it, or transfer a snapshot of it.',
    'retry',
  ),
  'transfer.checksum': row(
    'What arrived is not what was sent.',
    'failed',
    502,
    'Transfer the file again; if it happens twice, check the disk and memory of both machines.',
    'retry',
  ),
  'transfer.outside': row(
    'A name from the host leads out of the target folder; it was refused.',
    'refused',
    502,
    'Do not trust this host: an honest server never sends such a name.',
  ),
  'transfer.too-many-entries': row(
    'A folder has more entries than the limit.',
    'failed',
    422,
    'Raise the limit, or transfer its parts one by one.',
  ),
  'transfer.protocol': row(
    'The file transfer server of the host does not keep to its protocol.',
    'failed',
    502,
    'Check that the shell start-up files of the account print nothing, and the sftp program of the host.',
  ),
  'transfer.local-disk-full': row(
    'A file system on this machine has no room left.',
    'failed',
    507,
    'Free some space on the path named in the message, or choose another target.',
  ),
  'transfer.empty-source': row(
    'The source is empty or missing, and deletions were asked for: everything at the target would go.',
    'refused',
    409,
    'Check the source; if it is really meant, allow an empty source.',
  ),
  'transfer.conflicts': row(
    'Some paths could not be brought together; both sides were left as they are there.',
    'failed',
    409,
    'Look at the paths named in the result, decide, and run it again.',
  ),
  'transfer.some-failed': row(
    'Some files failed; the others arrived.',
    'failed',
    422,
    'See the files named in the result; a retry takes only those.',
  ),
  'transfer.refused': row(
    'The host refused without saying why, and looking did not show it either.',
    'failed',
    502,
    "See the server's own words in the message.",
  ),
} as const satisfies Record<string, ErrorTraits>;
