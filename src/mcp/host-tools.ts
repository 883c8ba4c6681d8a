import { z } from '../core/schema.ts';
import { factsOf, resultOf, submitAndWait } from './follow-tasks.ts';
import { hostField, hostsField, tool, type ToolParts } from './register-tool.ts';
import { answer } from './tool-answer.ts';

const WAIT = 120_000;
const LONGEST_WAIT = 600;
/** Bytes of a file that are read. */
const MOST_FILE = 200_000;
const MOST_ENTRIES = 500;

/** Hosts: which there are, commands on them, their files. */
export function registerHostTools(parts: ToolParts): void {
  const { api, surroundings, signal } = parts;
  tool(
    parts,
    {
      name: 'hosts_list',
      description: 'Lists the hosts.',
      input: { selector: hostsField.optional() },
      readOnly: true,
    },
    async ({ selector }) => answer({ hosts: await api.listHosts(surroundings, selector ?? null) }),
  );
  tool(
    parts,
    {
      name: 'host_facts',
      description: 'System, resources, listeners and services of hosts, as they were lately.',
      input: { hosts: hostsField },
      readOnly: true,
    },
    async ({ hosts }) => {
      const submission = { kind: 'host.facts', hosts, params: {}, surroundings };
      const { tasks } = await submitAndWait(api, submission, { wait: WAIT, signal });
      const texts = tasks.map(({ host, result }) => ({
        from: `${host} facts`,
        text: result ? JSON.stringify(result['facts']) : '',
      }));
      return answer({ tasks: tasks.map(factsOf) }, texts);
    },
  );
  tool(
    parts,
    {
      name: 'exec',
      description:
        'Runs a POSIX sh command on each selected host and gives its output. The policy judges it first: it may run, be refused, or need a person, who is told how by the error.',
      input: {
        hosts: hostsField,
        command: z.string().min(1).max(100_000),
        root: z.boolean().default(false),
        wait: z
          .number()
          .int()
          .min(1)
          .max(LONGEST_WAIT)
          .default(60)
          .describe('Seconds; it goes on afterwards'),
      },
      readOnly: false,
    },
    async ({ hosts, command, root, wait }) => {
      const params = { command, root, timeout: LONGEST_WAIT * 1000 };
      const submission = { kind: 'ssh.execute', hosts, params, surroundings };
      const { group, tasks, output } = await submitAndWait(api, submission, { wait: wait * 1000, signal });
      return answer({ group, tasks: tasks.map(factsOf) }, output);
    },
  );
  registerFileTools(parts);
}

function registerFileTools(parts: ToolParts): void {
  const { api, surroundings, signal } = parts;
  const path = z.string().regex(/^\/[^\0]{0,4000}$/, 'an absolute path');
  tool(
    parts,
    {
      name: 'file_list',
      description: 'Lists a folder of a host.',
      input: { host: hostField, path },
      readOnly: true,
    },
    async ({ host, path: folder }) => {
      const params = { path: folder, limit: MOST_ENTRIES };
      const submission = { kind: 'scp.list', hosts: host, params, surroundings };
      const { tasks } = await submitAndWait(api, submission, { wait: WAIT, signal });
      const texts = tasks.map(task => resultOf(task, `${host}:${folder}`));
      return answer({ tasks: tasks.map(factsOf) }, texts);
    },
  );
  tool(
    parts,
    {
      name: 'file_read',
      description: `Reads the first ${MOST_FILE} bytes of a text file of a host.`,
      input: { host: hostField, path },
      readOnly: true,
    },
    async ({ host, path: file }) => {
      const params = { command: `head -c ${MOST_FILE} -- ${quoted(file)}` };
      const submission = { kind: 'ssh.execute', hosts: host, params, surroundings };
      const { tasks, output } = await submitAndWait(api, submission, { wait: WAIT, signal });
      return answer({ tasks: tasks.map(factsOf) }, output);
    },
  );
  tool(
    parts,
    {
      name: 'file_write',
      description:
        'Proposes a new content of a file of a host. A person sees the difference and says yes or no; then it is written and checked.',
      input: {
        host: hostField,
        path,
        content: z.string().max(500_000),
        mode: z
          .string()
          .regex(/^0[0-7]{3,4}$/)
          .default('0644'),
        why: z.string().min(1).max(500),
      },
      readOnly: false,
    },
    async ({ host, path: file, content, mode, why }) => {
      const step = {
        id: 'write',
        title: `write ${file}`,
        why,
        madeBy: 'model',
        states: [{ kind: 'file', path: file, content, mode }],
      };
      const plan = {
        intent: why,
        goal: `${file} has the content that was proposed`,
        steps: [step],
        madeBy: 'model',
      };
      const params = { plan, mode: 'run', approve: 'ask', confirm: 'plan' };
      const submission = { kind: 'agent.run', hosts: host, params, surroundings };
      const { tasks } = await submitAndWait(api, submission, { wait: WAIT, signal });
      return answer({ tasks: tasks.map(factsOf) });
    },
  );
}

/** One word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
