import type { LanguageModel } from 'ai';
import type { ModelDoor } from '../door.ts';
import type { PlanningServer, Provider } from './planning-server.ts';

interface Wiring {
  readonly model: string;
  readonly baseURL: string;
  /** Empty: none. Never left out, or the package would take one from the environment by itself. */
  readonly apiKey: string;
  readonly fetch: typeof fetch;
}

/** The host is only a word: every request goes through the door. */
const DOOR = 'http://door';

/** Each loaded when the first question needs it: the start of a command and of an executor pays nothing. */
const MAKE: Readonly<Record<Provider, (wiring: Wiring) => Promise<LanguageModel>>> = {
  async 'openai-compatible'({ model, ...settings }) {
    const [{ createOpenAICompatible }, { wrapLanguageModel, extractReasoningMiddleware }] = await Promise.all(
      [import('@ai-sdk/openai-compatible'), import('ai')],
    );
    const provider = createOpenAICompatible({
      ...settings,
      name: 'server',
      // without it no token counts come in streams
      includeUsage: true,
      // without it the schema is not sent at all
      supportsStructuredOutputs: true,
    });
    // some local models think aloud in their answer
    return wrapLanguageModel({
      model: provider(model),
      middleware: extractReasoningMiddleware({ tagName: 'think' }),
    });
  },
  async anthropic({ model, ...settings }) {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    return createAnthropic(settings)(model);
  },
  async google({ model, ...settings }) {
    const { createGoogle } = await import('@ai-sdk/google');
    return createGoogle(settings)(model);
  },
};

/** The model as the SDK takes it, every byte of it through the door. */
export async function languageModel(
  { provider, model }: Pick<PlanningServer, 'provider' | 'model'>,
  door: ModelDoor,
  throughDoor: typeof fetch,
): Promise<LanguageModel> {
  return await MAKE[provider]({
    model,
    baseURL: `${DOOR}${versionPath(provider, door.base)}`,
    apiKey: door.key() ?? '',
    fetch: throughDoor,
  });
}

/** Some servers have their own version in the path (`/api/paas/v4`): then nothing is added. */
function versionPath(provider: Provider, base: string): string {
  if (/\/v\d+[a-z]*\d*(\/|$)/.test(base)) return '';
  return provider === 'google' ? '/v1beta' : '/v1';
}
