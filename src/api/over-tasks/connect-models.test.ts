import { describe, expect, it } from 'vitest';
import type { ConnectModelRequest } from '../contract.ts';
import { connectSubmission } from './connect-models.ts';

const base = { surroundings: { folder: '/work', overrides: {} } };
const asked = (request: ConnectModelRequest) => connectSubmission(request, base);
const refusal = (request: ConnectModelRequest): string => {
  try {
    asked(request);
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('where a model server is looked for', () => {
  it('on a host at the usual ports, at one port, or at a socket', () => {
    const { hosts, params } = asked({ place: 'web-1' });
    expect(hosts).toBe('web-1');
    expect(params.listen.map(each => ('port' in each ? each.port : 0))).toContain(11_434);
    expect(asked({ place: 'web-1', port: 80 }).params.listen).toEqual([{ host: '127.0.0.1', port: 80 }]);
    expect(asked({ place: 'web-1', socket: '/run/x.sock' }).params.listen).toEqual([{ path: '/run/x.sock' }]);
  });

  it('at an address from this machine, with or without /v1', () => {
    expect(asked({ place: 'https://llm.example.com/openai/v1', keyFile: 'key', name: 'far' })).toEqual({
      hosts: 'local',
      params: {
        name: 'far',
        keyFile: '/work/key',
        listen: [{ host: 'llm.example.com', port: 443 }],
        tls: true,
        base: '/openai',
      },
    });
    expect(asked({ place: 'http://[::1]:8000/' }).params).toMatchObject({
      listen: [{ host: '::1', port: 8000 }],
      base: '',
    });
  });

  it('is refused where it would be two places, or would hold a secret', () => {
    expect(refusal({ place: 'http://x', port: 1 })).toContain('leave --port');
    expect(refusal({ place: 'web-1', port: 1, socket: '/s' })).toContain('Either');
    expect(refusal({ place: 'web-1', socket: 's' })).toContain('no absolute path');
    const secret = refusal({ place: 'http://me:sesame@x/v1' });
    expect(secret).toContain('no password');
    expect(secret).not.toContain('sesame');
    expect(refusal({ place: 'http://x/v1?key=sesame' })).not.toContain('sesame');
  });
});
