import { z } from '../core/schema.ts';
import { tool, type ToolParts } from './register-tool.ts';
import { answer } from './tool-answer.ts';

const LONGEST_ANSWER = 4096;

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
}
