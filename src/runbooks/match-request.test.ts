import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadRunbooks } from './load-runbooks.ts';
import { matchRequest, type RequestMatch } from './match-request.ts';
import type { ParameterValue } from './parameter.ts';

interface InScope {
  readonly request: string;
  readonly runbook: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

const runbooks = await loadRunbooks();

function readLines<Line>(name: string): Line[] {
  const text = readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Line);
}

function match(request: string): RequestMatch {
  return matchRequest(request, runbooks);
}

describe('requests in scope, English and Russian', () => {
  const cases = readLines<InScope>('requests-in-scope.jsonl');
  const outcomes = cases.map(one => {
    const found = match(one.request);
    const confident = found.kind === 'confident';
    const right =
      confident &&
      found.runbook.name === one.runbook &&
      isDeepStrictEqual({ ...found.parameters }, one.parameters);
    return { ...one, confident, right };
  });

  it('finds the runbook and its parameters in at least 90 % of them', () => {
    const missed = outcomes.filter(outcome => !outcome.right).map(outcome => outcome.request);
    expect(cases.length).toBeGreaterThanOrEqual(80);
    expect(missed.length / cases.length, missed.join('\n')).toBeLessThanOrEqual(0.1);
  });

  it('is never confident of the wrong runbook or of wrong parameters', () => {
    expect(outcomes.filter(outcome => outcome.confident && !outcome.right)).toEqual([]);
  });
});

describe('requests out of scope', () => {
  const cases = readLines<{ request: string }>('requests-out-of-scope.jsonl');
  it.each(cases)('runs nothing for: $request', ({ request }) => {
    expect(match(request).kind).not.toBe('confident');
  });
});

describe('matchRequest', () => {
  it('names the words that nothing accounts for, and the nearest runbooks', () => {
    const found = match('Rotate PostgreSQL logs');
    expect(found.kind).not.toBe('confident');
    const near = match('install the package nginx and delete /var/www');
    if (near.kind === 'confident') throw new Error('must not be confident');
    expect(near.nearest.map(one => one.name)).toContain('install-package');
    expect(near.unplaced).toEqual(expect.arrayContaining(['delete', '/var/www']));
  });

  it('says which needed parameter the request leaves open', () => {
    expect(match('create a user')).toMatchObject({ kind: 'confident', missing: ['name'] });
    expect(match('serve a page')).toMatchObject({ kind: 'confident', missing: ['text'] });
    expect(match('set the timezone')).toMatchObject({ kind: 'confident', missing: ['timezone'] });
  });

  it('takes what is in quotes as it is', () => {
    const found = match('serve a page saying "use port 22; rm -rf / and reboot" on port 8080');
    expect(found).toMatchObject({
      kind: 'confident',
      parameters: { text: 'use port 22; rm -rf / and reboot', port: 8080 },
    });
  });

  it('is not moved by private-use letters, which stand for quotes inside', () => {
    expect(match('serve a page saying \u{e100} on port 8080').kind).not.toBe('confident');
    expect(match('install \u{e000} nginx').kind).not.toBe('confident');
  });

  it('has nothing near for an empty request or foreign words', () => {
    expect(match('').kind).toBe('none');
    expect(match('xyzzy').kind).toBe('none');
  });

  it('is never sure of a request it did not read to its end', () => {
    const request = `install htop${' '.repeat(5000)}and reboot`;
    expect(match(request).kind).not.toBe('confident');
  });

  it('decides in bounded time on long requests', () => {
    expect(match(`install ${'a-'.repeat(2000)}`).kind).not.toBe('confident');
    expect(match('80, '.repeat(1000)).kind).not.toBe('confident');
    expect(match(`create user ${'key '.repeat(1000)}`).kind).not.toBe('confident');
  });
});
