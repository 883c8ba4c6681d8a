import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../settings/schema.ts';
import { findPlanner, type PlannerName } from './find-planner.ts';
import { plannerOfRoles } from './planning-desk.ts';

const places: readonly PlannerName[] = [
  { name: 'gpu-1/qwen', models: ['qwen'], isOneModel: true },
  { name: 'gpu-1/ollama', models: ['llama3', 'phi'], isOneModel: false },
  { name: 'gpu-2/vllm', models: ['llama3'], isOneModel: false },
  { name: 'anthropic', models: [], isOneModel: false },
];
const found = (wanted: string): readonly [string, string | null] => {
  const { place, model } = findPlanner(wanted, places);
  return [place.name, model];
};

describe('the name of a planning model', () => {
  it.each([
    ['gpu-1/qwen', 'gpu-1/qwen', 'qwen'],
    ['qwen', 'gpu-1/qwen', 'qwen'],
    ['gpu-1/ollama/phi', 'gpu-1/ollama', 'phi'],
    ['gpu-1/ollama/new:7b', 'gpu-1/ollama', 'new:7b'],
    ['gpu-2/vllm', 'gpu-2/vllm', 'llama3'],
    ['anthropic/claude-x', 'anthropic', 'claude-x'],
    ['anthropic', 'anthropic', null],
  ])('%s is of %s', (wanted, name, model) => {
    expect(found(wanted)).toEqual([name, model]);
  });

  it.each([
    ['nope', 'anthropic/MODEL, gpu-1/ollama/llama3, gpu-1/ollama/phi, gpu-1/qwen, gpu-2/vllm/llama3'],
    ['gpu-1/qwen/other', 'anthropic/MODEL'],
    ['gpu-1/ollama', 'gpu-1/ollama/llama3, gpu-1/ollama/phi'],
    ['llama3', 'gpu-1/ollama/llama3, gpu-1/ollama/phi, gpu-2/vllm/llama3'],
  ])('%s names those that could be meant', (wanted, names) => {
    expect(() => found(wanted)).toThrow(expect.objectContaining({ code: 'planner.unknown' }));
    expect(() => found(wanted)).toThrow(`No planning model is called '${wanted}'. There are ${names}`);
  });
});

describe('the model of each role', () => {
  it('is its own, or the one of all; without any there is none, and nothing stands in (A26 T20)', () => {
    expect(plannerOfRoles(undefined, DEFAULTS)).toBeNull();
    expect(plannerOfRoles(undefined, { ...DEFAULTS, 'agent.models.repair': 'r' })).toBeNull();
    const values = { ...DEFAULTS, 'agent.model': 'a', 'agent.models.repair': 'r' };
    expect(plannerOfRoles(undefined, values)).toMatchObject({ plan: 'a', repair: 'r', improve: 'a' });
    expect(plannerOfRoles('w', values)).toMatchObject({ plan: 'w', repair: 'w' });
    const onlyPlan = { ...DEFAULTS, 'agent.models.plan': 'p' };
    expect(plannerOfRoles(undefined, onlyPlan)).toMatchObject({ plan: 'p', detail: 'p' });
  });
});
