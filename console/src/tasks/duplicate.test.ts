import { expect, it } from 'vitest';
import { canDuplicate, duplicateOf, typedParameters } from './duplicate.ts';

it('a command keeps its limits, and never the yes that it was given', () => {
  const params = { command: 'uptime', root: true, timeout: 5000, approval: { hash: 'ab', risks: [] } };
  expect(duplicateOf({ kind: 'ssh.execute', params }, ['web-1', 'web-2'])).toEqual({
    form: 'command',
    hosts: ['web-1', 'web-2'],
    command: 'uptime',
    root: true,
    more: { timeout: 5000 },
  });
});

it('a request to the agent is asked as it was, and who said yes beforehand is asked again', () => {
  const params = { intent: 'install nginx', hosts: ['a', 'b'], policy: 'ask', approve: 'yes', mode: 'run' };
  expect(duplicateOf({ kind: 'agent.run', params }, [])).toEqual({
    form: 'intent',
    hosts: ['a', 'b'],
    intent: 'install nginx',
    policy: 'ask',
  });
  // made of a plan: no form takes one
  expect(duplicateOf({ kind: 'agent.run', params: { plan: {}, hosts: ['a'] } }, [])).toBeNull();
});

it('a transfer is shown with all of its parameters', () => {
  const params = { local: '/a', remote: '/b', direction: 'push' };
  expect(duplicateOf({ kind: 'scp.sync', params }, ['a'])).toMatchObject({ kind: 'scp.sync', params });
});

it('a deployment is shown with all of its settings, also those that its form does not ask for', () => {
  const params = { name: 'tiny', model: '/m.gguf', slots: 8, listen: 'auto' };
  expect(duplicateOf({ kind: 'model.deploy', params }, ['a'])).toMatchObject({ form: 'parameters', params });
});

it('what belongs to something that goes on is not offered', () => {
  expect(['ssh.tunnel', 'model.connect', 'file.write'].filter(canDuplicate)).toEqual([]);
  expect(duplicateOf({ kind: 'ssh.tunnel', params: {} }, [])).toBeNull();
});

it.each([
  ['{"a": 1}', { params: { a: 1 } }],
  ['[1]', { fault: expect.stringContaining('object') }],
  ['null', { fault: expect.stringContaining('object') }],
  ['{"a": ', { fault: expect.any(String) }],
])('parameters as they are typed: %s', (text, read) => {
  expect(typedParameters(text)).toEqual(read);
});
