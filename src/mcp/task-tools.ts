import { z } from '../core/schema.ts';
import { TASK_STATES } from '../core/task-state.ts';
import { factsOf, resultOf, submitAndWait } from './follow-tasks.ts';
import { hostField, hostsField, tool, type ToolParts } from './register-tool.ts';
import { answer } from './tool-answer.ts';

const id = z.string().min(1).max(100).describe('Id of a task or a group');
const ASK_WAIT = 300_000;

/** Tasks, approvals, the agent and the policy. */
export function registerTaskTools(parts: ToolParts): void {
  const { api } = parts;
  tool(
    parts,
    {
      name: 'tasks_list',
      description: 'Lists tasks, newest first.',
      input: {
        state: z.enum(TASK_STATES).optional(),
        host: hostField.optional(),
        limit: z.number().int().min(1).max(100).default(20),
      },
      readOnly: true,
    },
    async ({ state, host, limit }) => {
      const page = await api.tasks({
        limit,
        ...(state && { states: [state] }),
        ...(host !== undefined && { host }),
      });
      return answer({ tasks: page.tasks.map(factsOf), more: page.next !== null });
    },
  );
  tool(
    parts,
    { name: 'task_show', description: 'Shows a task and its result.', input: { id }, readOnly: true },
    async ({ id: wanted }) => {
      const task = await api.task(wanted);
      return answer({ ...factsOf(task), params: task.params }, [resultOf(task, `${wanted} result`)]);
    },
  );
  tool(
    parts,
    {
      name: 'task_logs',
      description: 'The last lines of what a task put out.',
      input: {
        id,
        lines: z.number().int().min(1).max(1000).default(200),
        search: z.string().min(1).max(1000).optional().describe('Only lines with this text'),
      },
      readOnly: true,
    },
    async ({ id: wanted, lines, search }) => {
      const query = {
        from: search === undefined ? null : 1,
        count: lines,
        stream: null,
        search: search ?? null,
      };
      const page = await api.lines(wanted, query);
      const text = page.lines.map(line => `${line.number} ${line.text}`).join('\n');
      return answer({ total: page.total, next: page.next }, [{ from: `${wanted} output`, text }]);
    },
  );
  tool(
    parts,
    { name: 'task_cancel', description: 'Cancels a task or a group.', input: { id }, readOnly: false },
    async ({ id: wanted }) => answer({ tasks: (await api.cancel(wanted, false)).map(factsOf) }),
  );
  tool(
    parts,
    {
      name: 'task_retry',
      description: 'Begins anew what did not succeed, as new tasks.',
      input: { id },
      readOnly: false,
    },
    async ({ id: wanted }) => {
      const { group, tasks } = await api.retry(wanted);
      return answer({ group, tasks: tasks.map(factsOf) });
    },
  );
  registerAgentTools(parts);
}

function registerAgentTools(parts: ToolParts): void {
  const { api, surroundings, signal } = parts;
  tool(
    parts,
    {
      name: 'ask',
      description:
        'Hands an intent in plain words to the agent: it plans, a person approves the plan, it is carried out, proved and reported. With `preview` only the plan is made.',
      input: {
        hosts: hostsField,
        intent: z.string().min(1).max(10_000),
        preview: z.boolean().default(false),
      },
      readOnly: false,
    },
    async ({ hosts, intent, preview }) => {
      const mode = preview ? 'preview' : 'run';
      const params = { intent, mode, approve: preview ? 'none' : 'ask', confirm: 'plan' };
      const submission = { kind: 'agent.run', hosts, params, surroundings };
      const { tasks } = await submitAndWait(api, submission, { wait: ASK_WAIT, signal });
      return answer(
        { tasks: tasks.map(factsOf) },
        tasks.map(task => resultOf(task)),
      );
    },
  );
  tool(
    parts,
    {
      name: 'approvals_list',
      description: 'Lists what waits for a person. Only a person answers it.',
      input: {},
      readOnly: true,
    },
    async () => {
      const open = await api.approvals('open');
      return answer({
        approvals: open.map(each => ({
          id: each.id,
          task: each.task,
          title: each.title,
          expires: each.expiresAt,
        })),
      });
    },
  );
  tool(
    parts,
    {
      name: 'policy_explain',
      description:
        'What a command may do on a host, and whether it would run, ask or be refused. Nothing is run.',
      input: { host: hostField, command: z.string().min(1).max(100_000) },
      readOnly: true,
    },
    async ({ host, command }) => answer(await api.explainPolicy(surroundings, command, host)),
  );
}
