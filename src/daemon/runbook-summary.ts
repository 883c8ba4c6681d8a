import type { RunbookSummary } from '../api/contract.ts';
import type { Runbook } from '../runbooks/runbook.ts';

/** A runbook as listings show it, in the language of the settings. */
export function summariseRunbook(runbook: Runbook, language: 'en' | 'ru'): RunbookSummary {
  return {
    name: runbook.name,
    title: runbook.title[language],
    parameters: Object.entries(runbook.parameters).map(([name, parameter]) => ({
      name,
      type: parameter.type,
      required: parameter.required,
      default: parameter.default === undefined ? null : String(parameter.default),
      description: parameter.description[language],
    })),
    examples: [...runbook.match.en, ...runbook.match.ru],
  };
}
