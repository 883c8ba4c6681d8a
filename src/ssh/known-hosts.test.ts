import { describe, expect, it } from 'vitest';
import {
  decideHostKey,
  hostNames,
  identifyKey,
  knownHostLine,
  parseKnownHosts,
  preferredKeyTypes,
} from './known-hosts.ts';

/** A blob that is a key as far as known_hosts can tell: its type, then anything. */
function blob(type: string, seed: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.alloc(32, seed)]);
}
const ed = blob('ssh-ed25519', 1);
const otherEd = blob('ssh-ed25519', 2);
const rsa = blob('ssh-rsa', 3);
const line = (hosts: string, key: Buffer): string => knownHostLine({ name: hosts, withoutPort: null }, key);

function verdict(
  text: string,
  address: string,
  port: number,
  key: Buffer,
  alias: string | null = null,
): string {
  return decideHostKey(parseKnownHosts(text, '/k'), hostNames(address, port, alias), key).verdict;
}

describe('known_hosts', () => {
  it('leaves out comments, blank, malformed and mislabelled lines, and counts lines from 1', () => {
    const text = [
      '# comment',
      '',
      'web ssh-ed25519',
      'web ssh-ed25519 !!!!',
      '@odd web x y',
      line('web', ed),
    ].join('\n');
    expect(parseKnownHosts(text, '/k')).toMatchObject([
      { file: '/k', line: 6, hosts: 'web', marker: 'none' },
    ]);
    expect(parseKnownHosts(`web ssh-rsa ${ed.toString('base64')}`, '/k')).toEqual([]);
  });

  it('knows a host by name, list, port, alias and regardless of case', () => {
    expect(verdict(line('web', ed), 'WEB', 22, ed)).toBe('known');
    expect(verdict(line('db,web,10.0.0.5', ed), '10.0.0.5', 22, ed)).toBe('known');
    expect(verdict(line('[web]:2222', ed), 'web', 2222, ed)).toBe('known');
    expect(verdict(line('[web]:2222', ed), 'web', 22, ed)).toBe('unknown');
    expect(verdict(line('inner', ed), 'web', 2222, ed, 'inner')).toBe('known');
  });

  it('takes the key of the same machine on port 22, but does not hold it against another port', () => {
    expect(verdict(line('web', ed), 'web', 2222, ed)).toBe('known');
    expect(verdict(line('web', ed), 'web', 2222, otherEd)).toBe('unknown');
  });

  it('follows wildcards and negations', () => {
    const text = line('*.example.org,!bad.example.org,10.0.0.?', ed);
    expect(verdict(text, 'a.example.org', 22, ed)).toBe('known');
    expect(verdict(text, 'bad.example.org', 22, ed)).toBe('unknown');
    expect(verdict(text, 'aXexample.org', 22, ed)).toBe('unknown');
    expect(verdict(text, '10.0.0.7', 22, ed)).toBe('known');
    expect(verdict(text, '10.0.0.77', 22, ed)).toBe('unknown');
  });

  it('reads hashed names', () => {
    // ssh-keygen -H of the name web.example.org
    const salt = 'wCatFSgGYkpGqOmfLIy2uIDC14g=';
    const hash = '/i0v3YRmjmcWWLWj9fO6P+jPrNw=';
    expect(verdict(line(`|1|${salt}|${hash}`, ed), 'web.example.org', 22, ed)).toBe('known');
    expect(verdict(line(`|1|${salt}|${hash}`, ed), 'db.example.org', 22, ed)).toBe('unknown');
  });

  it('names all that is known when the key changed, also when only its type did', () => {
    const text = `${line('web', ed)}${line('web', rsa)}`;
    const decision = decideHostKey(parseKnownHosts(text, '/k'), hostNames('web', 22, null), otherEd);
    expect(decision).toEqual({
      verdict: 'changed',
      presented: identifyKey(otherEd),
      known: [
        { ...identifyKey(ed), file: '/k', line: 1 },
        { ...identifyKey(rsa), file: '/k', line: 2 },
      ],
    });
    expect(verdict(line('web', rsa), 'web', 22, ed)).toBe('changed');
  });

  it('refuses a revoked key even where the same key is known', () => {
    const text = `${line('web', ed)}@revoked * ${line('x', ed).slice(2)}`;
    expect(verdict(text, 'web', 22, ed)).toBe('revoked');
    expect(verdict(`@revoked * ${line('x', ed).slice(2)}`, 'web', 22, otherEd)).toBe('unknown');
  });

  it('ignores certificate authorities', () => {
    expect(verdict(`@cert-authority ${line('web', ed)}`, 'web', 22, ed)).toBe('unknown');
  });

  it('asks first for known types, leaves none out, and never for SHA-1', () => {
    const names = hostNames('web', 22, null);
    const types = preferredKeyTypes(parseKnownHosts(line('web', rsa), '/k'), names);
    expect(types.slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
    expect(types).toHaveLength(6);
    expect(types).not.toContain('ssh-rsa');
    expect(preferredKeyTypes([], names)[0]).toBe('ssh-ed25519');
  });
});
