import {
  downloadSubmissions,
  syncSubmission,
  uploadSubmission,
} from '../api/over-tasks/transfer-submissions.ts';
import type { Submission } from '../api/task-api.ts';
import { z } from '../core/schema.ts';
import { factsOf, resultOf, submitAndWait } from './follow-tasks.ts';
import { hostField, hostsField, tool, type ToolParts } from './register-tool.ts';
import { answer, type ToolAnswer } from './tool-answer.ts';

/** Milliseconds; it goes on afterwards. */
const WAIT = 120_000;

const here = z.string().min(1).max(4000).describe('A path of this machine; relative: to the project folder');
const there = z.string().min(1).max(4000).describe('A path of the host; relative: to the home folder');
const exclude = z.array(z.string().min(1).max(1000)).max(100).default([]).describe('gitignore rules');
const WAITS =
  'It waits until a person says yes to exactly this; then `task_wait` tells what came of it, and nothing has to be asked again.';

/** Files and folders between this machine and hosts. */
export function registerTransferTools(parts: ToolParts): void {
  const base = { surroundings: parts.surroundings };
  tool(
    parts,
    {
      name: 'file_upload',
      description: `Copies a file or a folder of this machine to hosts. ${WAITS}`,
      input: { hosts: hostsField, source: here, target: there, exclude },
      readOnly: false,
    },
    async request => await moved(parts, uploadSubmission(request, base)),
  );
  tool(
    parts,
    {
      name: 'file_download',
      description: `Copies a file or a folder of a host to this machine. ${WAITS}`,
      input: { host: hostField, source: there, target: here, exclude },
      readOnly: false,
    },
    async ({ host, ...request }) => {
      const [submission] = downloadSubmissions({ hosts: host, ...request }, base, [host]);
      return await moved(parts, submission as Submission);
    },
  );
  tool(
    parts,
    {
      name: 'folder_sync',
      description: `Makes a folder of this machine and one of a host equal: only what differs travels. ${WAITS}`,
      input: {
        hosts: hostsField,
        local: here,
        remote: there,
        direction: z.enum(['push', 'pull', 'both']).describe('push: the hosts become as it is here'),
        deleteExtra: z.boolean().default(false).describe('Remove what the source does not have'),
        dryRun: z.boolean().default(false).describe('Only say what would change'),
        exclude,
      },
      readOnly: false,
    },
    async request => await moved(parts, syncSubmission(request, base)),
  );
}

async function moved({ api, signal }: ToolParts, submission: Submission): Promise<ToolAnswer> {
  const { group, tasks } = await submitAndWait(api, submission, { wait: WAIT, signal });
  return answer(
    { group, tasks: tasks.map(factsOf) },
    tasks.map(task => resultOf(task)),
  );
}
