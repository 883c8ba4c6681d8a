import type { TaskView } from 'deckhand/client';

/** How something that was done is asked for once more: in its own form where there is one. Pure. */
export type Duplicate =
  | {
      readonly form: 'command';
      readonly hosts: readonly string[];
      readonly command: string;
      readonly root: boolean;
      /** Limits and the like, which the form does not show. */
      readonly more: Readonly<Record<string, unknown>>;
    }
  | {
      readonly form: 'intent';
      readonly hosts: readonly string[];
      readonly intent: string;
      readonly policy: string;
    }
  | {
      readonly form: 'parameters';
      readonly kind: string;
      readonly hosts: readonly string[];
      readonly params: Readonly<Record<string, unknown>>;
    };

/** Kinds whose parameters are all that they need; others belong to something that goes on, or were made by a form of theirs. */
const BY_PARAMETERS: ReadonlySet<string> = new Set([
  'ssh.connect',
  'host.facts',
  'host.doctor',
  'scp.upload',
  'scp.download',
  'scp.sync',
  'scp.copy',
  'scp.list',
  'model.deploy',
  'model.deploy-here',
]);

/** Is there a way to ask for such a thing once more? */
export function canDuplicate(kind: string): boolean {
  return kind === 'ssh.execute' || kind === 'agent.run' || BY_PARAMETERS.has(kind);
}

/** Null: it was made of something that no form takes, such as a plan from a file. */
export function duplicateOf(
  { kind, params }: Pick<TaskView, 'kind' | 'params'>,
  hosts: readonly string[],
): Duplicate | null {
  // a yes was for that one time
  const { approval: _approval, ...rest } = params;
  if (kind === 'ssh.execute') {
    const { command, root, ...more } = rest;
    return { form: 'command', hosts, command: textOf(command), root: root === true, more };
  }
  if (kind === 'agent.run') {
    const { intent, policy, hosts: asked } = rest;
    if (typeof intent !== 'string' || intent === '') return null;
    return { form: 'intent', hosts: textsOf(asked), intent, policy: textOf(policy) };
  }
  return BY_PARAMETERS.has(kind) ? { form: 'parameters', kind, hosts, params: rest } : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Parameters as a person typed them; a sentence where they are none. Pure. */
export function typedParameters(
  text: string,
): { readonly params: Readonly<Record<string, unknown>> } | { readonly fault: string } {
  try {
    const params: unknown = JSON.parse(text);
    if (typeof params === 'object' && params !== null && !Array.isArray(params))
      return { params: params as Record<string, unknown> };
    return { fault: 'They are an object: { "name": value }.' };
  } catch (thrown) {
    return { fault: thrown instanceof Error ? thrown.message : 'They are no JSON.' };
  }
}
