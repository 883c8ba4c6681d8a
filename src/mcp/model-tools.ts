import { deploySubmission } from '../api/over-tasks/models.ts';
import { deploymentName } from '../core/model-params.ts';
import { z } from '../core/schema.ts';
import { factsOf, submitAndWait } from './follow-tasks.ts';
import { hostsField, tool, type ToolParts } from './register-tool.ts';
import { answer } from './tool-answer.ts';

const LONGEST_ANSWER = 4096;
const WAIT = 120_000;

/** Models on the person's own servers. */
export function registerModelTools(parts: ToolParts): void {
  const { api, surroundings, signal } = parts;
  tool(
    parts,
    {
      name: 'models_list',
      description: 'Lists the models that the servers really serve.',
      input: {},
      readOnly: true,
    },
    async () => answer({ models: await api.servedModels(surroundings) }),
  );
  tool(
    parts,
    {
      name: 'chat',
      description: 'Asks a model on the own servers, and gives its answer.',
      input: {
        model: z.string().min(1).max(200).optional(),
        prompt: z.string().min(1).max(200_000),
        system: z.string().max(50_000).optional(),
      },
      readOnly: true,
    },
    async ({ model, prompt, system }) => {
      const messages = [
        ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user' as const, content: prompt },
      ];
      const request = {
        ...(model !== undefined && { model }),
        messages,
        parameters: { maxTokens: LONGEST_ANSWER },
      };
      let text = '';
      let facts: object = {};
      for await (const event of api.chat(surroundings, request, { signal })) {
        if (event.event === 'text') text += event.text;
        else if (event.event === 'began') facts = { model: event.model, server: event.server };
        else if (event.event === 'done')
          facts = { ...facts, finishReason: event.finishReason, usage: event.usage };
      }
      return answer(facts, [{ from: 'model', text }]);
    },
  );
  registerServerTools(parts);
}

function registerServerTools(parts: ToolParts): void {
  const { api, surroundings, signal } = parts;
  tool(
    parts,
    {
      name: 'model_servers_list',
      description: 'Lists the model servers that were deployed from here or connected, as last seen.',
      input: {},
      readOnly: true,
    },
    async () => {
      const [deployed, attached] = await Promise.all([api.deployments(), api.attachedModels()]);
      return answer({
        deployed: deployed.map(({ host, name, engine, version, model, service, listen, deployedAt }) => {
          const since = new Date(deployedAt).toISOString();
          return { host, name, engine, version, model: model?.name ?? null, service, listen, since };
        }),
        attached: attached.map(({ host, name, engine, listen, models }) => {
          return { host, name, engine, listen, models: models.slice(0, 100) };
        }),
      });
    },
  );
  tool(
    parts,
    {
      name: 'model_deploy',
      description:
        'Brings a GGUF file of this machine and an engine to hosts and proves that it serves. It waits until a person says yes to exactly this; then `task_wait` tells what came of it.',
      input: {
        hosts: hostsField,
        name: deploymentName,
        model: z.string().min(1).max(4000).describe('A GGUF file of this machine'),
      },
      readOnly: false,
    },
    async ({ hosts, name, model }) => {
      const submission = deploySubmission({ hosts, name, model }, { surroundings });
      const { group, tasks } = await submitAndWait(api, submission, { wait: WAIT, signal });
      return answer({ group, tasks: tasks.map(factsOf) });
    },
  );
}
