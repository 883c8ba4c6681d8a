import { buildCommand } from '@stricli/core';
import type { DownloadRequest } from '../../api/contract.ts';
import { downloadSubmissions } from '../../api/over-tasks/transfer-submissions.ts';
import type { Submission } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { namesOneHost } from '../exec-output.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle } from '../flags.ts';
import { localPlace, remotePlace } from '../host-path.ts';
import { groupBy } from '../layout.ts';
import { typeOf } from '../local-source.ts';
import { placeDownloads, saysContents } from '../placement.ts';
import { detachAll, showTransfers, transferAll, withHints } from '../run-transfers.ts';
import { submissionExtras, submissionFlags, type SubmissionFlags } from '../submission-flags.ts';
import { transferDisplay } from '../transfer-display.ts';
import { checkTransferFlags, transferFlags, type TransferFlags, transferOptions } from '../transfer-flags.ts';

interface GetFlags extends CommonFlags, SubmissionFlags, TransferFlags {
  readonly recursive: boolean;
}

/** That a source is a folder is known to the host alone. */
const NEEDS_FLAG = 'When it is a folder, pass -r to download it with all that is in it.';

/** `deckhand get HOSTS:PATH... LOCAL`. */
export const getCommand = buildCommand<GetFlags, string[], CliContext>({
  docs: {
    brief: 'Download files and folders from hosts',
    customUsage: ['[flags] HOSTS:PATH... LOCAL'],
    fullDescription: `Folders need -r. A slash at the end of a source means its contents. From several hosts each gets a folder of its name:

  get web-1:/etc/hosts hosts.txt      hosts.txt, or hosts.txt/hosts when that is a folder
  get web-1:/etc/hosts etc/           etc/hosts
  get -r web-1:/etc/nginx .           ./nginx/...
  get -r web-1:/etc/nginx/ conf       what is in nginx, straight in conf
  get @web:/etc/hostname names        names/web-1/hostname, names/web-2/hostname

Nothing is ever written outside of LOCAL, whatever a host says. HOST: alone is the home folder.

Example:
  deckhand get web-1:/var/log/syslog .
  deckhand get -r --exclude '*.gz' @web:/var/log/nginx logs`,
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
        brief: 'What to download, then where to',
        placeholder: 'HOSTS:PATH... LOCAL',
      },
    },
  },
  async func(flags, ...words) {
    const { folder } = this.surroundings.terminal;
    let requests: readonly DownloadRequest[] = [];
    await withEngine(
      this,
      flags,
      async session => {
        if (flags.detach) return await detachAll(session, await submissionsOf(session, requests));
        const work = requests.map(request => async () => await session.api.download(request, session.call));
        const results = await transferAll(work);
        return showTransfers(session, withHints(results, { 'transfer.is-a-directory': NEEDS_FLAG }));
      },
      {
        display: transferDisplay,
        extras: () => submissionExtras(flags, Date.now()),
        check: async () => {
          requests = await downloadsOf(flags, words, folder);
          checkTransferFlags(flags, requests.length);
        },
      },
    );
  },
});

/** As the engine would make them: where each host has a folder of its own, the hosts are looked up first. */
async function submissionsOf(
  { tasks, base }: EngineSession,
  requests: readonly DownloadRequest[],
): Promise<readonly Submission[]> {
  const submissions: Submission[] = [];
  for (const request of requests) {
    const several = request.inFolderOfHost !== undefined;
    const hosts = several ? await tasks.listHosts(base.surroundings, request.hosts) : [];
    submissions.push(
      ...downloadSubmissions(
        request,
        base,
        hosts.map(host => host.name),
      ),
    );
  }
  return submissions;
}

async function downloadsOf(
  flags: GetFlags,
  words: readonly string[],
  folder: string,
): Promise<readonly DownloadRequest[]> {
  const target = localPlace(words.at(-1) ?? '', 'The last argument');
  const sources = words.slice(0, -1).map(word => remotePlace(word, 'What is downloaded'));
  checkTrees(flags, sources);
  const options = { ...(await transferOptions(flags, folder)), recursive: flags.recursive };
  const byHosts = groupBy(sources, source => source.hosts);
  const several = byHosts.length > 1 || sources.some(source => !namesOneHost(source.hosts));
  const there = await typeOf(folder, target);
  if ((several || sources.length > 1) && there !== 'directory' && there !== 'missing')
    throw new DeckhandError('input.invalid', `'${target}' is no folder, but gets several things.`);
  const into = { recursive: flags.recursive, folder: there === 'directory' || several };
  return byHosts.flatMap(group => {
    const hosts = group[0]?.hosts ?? '';
    const paths = group.map(source => source.path);
    if (!several)
      return placeDownloads(paths, target, into).map(placement => ({ hosts, ...placement, ...options }));
    return placeDownloads(paths, '', into).map(({ source, target: inFolderOfHost }) => ({
      hosts,
      source,
      target,
      inFolderOfHost,
      ...options,
    }));
  });
}

/** `dir/` can only be a folder; whether `dir` is one, the host says. */
function checkTrees({ recursive }: GetFlags, sources: readonly { readonly path: string }[]): void {
  const tree = sources.find(source => saysContents(source.path));
  if (tree && !recursive)
    throw new DeckhandError('input.invalid', `'${tree.path}' is a folder.`, {
      hint: 'Pass -r to download what is in it.',
    });
}
