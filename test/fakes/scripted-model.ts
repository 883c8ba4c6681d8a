import type { PlanningAnswer, PlanningCall, PlanningModel } from '../../src/core/planning-model.ts';

/** Says what the test wrote, one answer a call; an error is thrown. For tests alone: it knows nothing. */
export class ScriptedModel implements PlanningModel {
  readonly name = 'scripted';
  readonly calls: { readonly role: string; readonly prompt: string }[] = [];
  readonly #says: unknown[];

  constructor(says: readonly unknown[]) {
    this.#says = [...says];
  }

  async ask<Value>({ role, prompt, schema }: PlanningCall<Value>): Promise<PlanningAnswer<Value>> {
    this.calls.push({ role, prompt });
    const said = this.#says.shift();
    if (said === undefined) throw new Error(`nothing is left to say to: ${prompt.slice(0, 200)}`);
    if (said instanceof Error) throw said;
    const usage = { promptTokens: 10, completionTokens: 10, cost: null };
    return await Promise.resolve({ value: schema.parse(said), usage, repaired: false, model: this.name });
  }
}
