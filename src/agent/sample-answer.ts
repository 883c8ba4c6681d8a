import type { FlatCheck, FlatState, FlatStep, PlanAnswer } from './plan-answer.ts';

/** Answers as a model gives them; for tests. */

export function sampleState(over: Partial<FlatState> & Pick<FlatState, 'kind'>): FlatState {
  const absent = {
    name: null,
    path: null,
    present: null,
    content: null,
    mode: null,
    owner: null,
    group: null,
    validate: null,
    target: null,
    line: null,
    replace: null,
    running: null,
    enabled: null,
    reloadAfter: null,
    reloadBy: null,
    shell: null,
    system: null,
    groups: null,
    authorizedKeys: null,
    title: null,
    command: null,
    unless: null,
    creates: null,
    root: null,
    effects: null,
    destructive: null,
    expectedExitCodes: null,
    expectedText: null,
  };
  return { ...absent, ...over };
}

export function sampleCheck(command: string): FlatCheck {
  return { title: `holds: ${command}`, command, root: false, withinSeconds: null };
}

export function sampleStep(id: string, states: readonly FlatState[], over: Partial<FlatStep> = {}): FlatStep {
  return {
    id,
    title: id,
    why: 'it is asked for',
    hosts: [],
    dependsOn: [],
    timeoutSeconds: null,
    priority: null,
    estimateSeconds: null,
    prerequisites: [],
    states: [...states],
    checks: [],
    undo: null,
    ...over,
  };
}

export function sampleAnswer(
  steps: readonly FlatStep[],
  done: readonly string[] = ['test -e /srv/x'],
): PlanAnswer {
  return {
    goal: 'it is so',
    assumptions: [],
    runbook: null,
    parameters: [],
    steps: [...steps],
    done: done.map(sampleCheck),
  };
}
