import { buildCommand } from '@stricli/core';
import { uploadSubmission } from '../../api/over-tasks/transfer-submissions.ts';
import type { UploadRequest } from '../../api/contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle } from '../flags.ts';
import { localPlace, remotePlace } from '../host-path.ts';
import { localSource } from '../local-source.ts';
import { placeUploads } from '../placement.ts';
import { detachAll, showTransfers, transferAll } from '../run-transfers.ts';
import { submissionExtras, submissionFlags, type SubmissionFlags } from '../submission-flags.ts';
import { transferDisplay } from '../transfer-display.ts';
import { checkTransferFlags, transferFlags, type TransferFlags, transferOptions } from '../transfer-flags.ts';

interface PutFlags extends CommonFlags, SubmissionFlags, TransferFlags {
  readonly recursive: boolean;
}

/** `deckhand put LOCAL... HOSTS:PATH`. */
export const putCommand = buildCommand<PutFlags, string[], CliContext>({
  docs: {
    brief: 'Upload files and folders to hosts',
    customUsage: ['[flags] LOCAL... HOSTS:PATH'],
    fullDescription: `HOSTS may be several: @web:/srv/app. HOST: alone is the home folder; ./a:b is a local file with a colon; addresses with colons stand in brackets, [::1]:/srv. Folders need -r. A slash at the end of a source means its contents:

  put app.conf web-1:/etc/app.conf    /etc/app.conf, or /etc/app.conf/app.conf when that is a folder
  put app.conf web-1:/etc/            /etc/app.conf
  put a.txt b.txt web-1:/srv          /srv/a.txt and /srv/b.txt
  put -r site web-1:/srv              /srv/site/...
  put -r site/ web-1:/srv             what is in site, straight in /srv

A file appears under its name when all of it has arrived and was verified; what was cut off goes on where it stopped. Nothing is deleted; see sync.

Example:
  deckhand put app.conf web-1:/etc/app/
  deckhand put -r --exclude node_modules site/ @web:/srv/site
  deckhand put --detach --limit-rate 10MiB image.iso web-1:`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      ...submissionFlags,
      ...transferFlags,
      recursive: toggle('Folders too, with all that is in them'),
    },
    aliases: { ...commonAliases, r: 'recursive' },
    positional: {
      kind: 'array',
      minimum: 2,
      parameter: {
        parse: String,
        brief: 'What to upload, then where to',
        placeholder: 'LOCAL... HOSTS:PATH',
      },
    },
  },
  async func(flags, ...words) {
    const { folder } = this.surroundings.terminal;
    let requests: readonly UploadRequest[] = [];
    await withEngine(
      this,
      flags,
      async session => {
        if (flags.detach)
          return await detachAll(
            session,
            requests.map(request => uploadSubmission(request, session.base)),
          );
        const work = requests.map(request => async () => await session.api.upload(request, session.call));
        return showTransfers(session, await transferAll(work));
      },
      {
        display: transferDisplay,
        extras: () => submissionExtras(flags, Date.now()),
        check: async () => {
          requests = await uploadsOf(flags, words, folder);
          checkTransferFlags(flags, requests.length);
        },
      },
    );
  },
});

/** Everything that can be known to be wrong without a host is said here, before anything is submitted. */
async function uploadsOf(
  flags: PutFlags,
  words: readonly string[],
  folder: string,
): Promise<readonly UploadRequest[]> {
  const { hosts, path } = remotePlace(words.at(-1) ?? '', 'The last argument');
  const paths = words.slice(0, -1).map(word => localPlace(word, 'What is uploaded'));
  const options = await transferOptions(flags, folder);
  const sources = await Promise.all(paths.map(async source => await localSource(folder, source)));
  const tree = sources.find(source => source.type === 'directory');
  if (tree && !flags.recursive)
    throw new DeckhandError('input.invalid', `'${tree.path}' is a folder.`, {
      hint: `Pass -r to upload it with all that is in it; '${tree.path.replace(/\/*$/, '/')}' means only its contents.`,
    });
  return placeUploads(sources, path).map(placement => ({ hosts, ...placement, ...options }));
}
