import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import { adHocHost, looksAdHoc, parseAddress } from './ad-hoc.ts';
import type { FleetHost, Inventory } from './inventory.ts';
import { editDistance, nearestNames } from './nearest-names.ts';
import { selectHosts } from './selectors.ts';

function host(name: string, ...groups: string[]): FleetHost {
  return { name, source: 'deckhand.yaml f:1', groups, tags: [], overrides: {} };
}
const inventory: Inventory = {
  hosts: [
    host('db-1', 'db', 'prod'),
    host('web-1', 'web', 'prod'),
    host('web-2', 'web'),
    host('web-10', 'web'),
  ],
  groups: ['db', 'empty', 'prod', 'web'],
};
const names = (selector: string | string[]): string[] =>
  selectHosts(inventory, selector).map(selected => selected.name);
function faultOf(work: () => unknown): DeckhandError {
  try {
    work();
  } catch (error) {
    if (error instanceof DeckhandError) return error;
    throw error;
  }
  throw new Error('no fault');
}

describe('selectHosts', () => {
  it.each([
    ['web-1', ['web-1']],
    ['web-2,db-1', ['db-1', 'web-2']],
    ['web-1 web-1', ['web-1']],
    ['web-*', ['web-1', 'web-2', 'web-10']],
    ['web-?', ['web-1', 'web-2']],
    ['web-[13]', ['web-1']],
    ['web-[!1]', ['web-2']],
    ['*', ['db-1', 'web-1', 'web-2', 'web-10']],
    ['@web', ['web-1', 'web-2', 'web-10']],
    ['all', ['db-1', 'web-1', 'web-2', 'web-10']],
    ['all,!@web', ['db-1']],
    ['!web-1,@prod', ['db-1']],
    ['@web,!web-1?', ['web-1', 'web-2']],
    ['ops@10.0.0.7:2222,db-1', ['db-1', 'ops@10.0.0.7:2222']],
  ])('%s → %j', (selector, expected) => {
    expect(names(selector)).toEqual(expected);
  });

  it('takes several selectors as one', () => {
    expect(names(['@prod', '!db-1'])).toEqual(['web-1']);
  });

  it('refuses an unknown name and names the nearest one', () => {
    const fault = faultOf(() => names('wbe-1'));
    expect(fault.code).toBe('fleet.unknown-host');
    expect(fault.message).toBe("No host is called 'wbe-1'. Did you mean web-1?");
    expect(fault.details).toEqual({ term: 'wbe-1', near: ['web-1'] });
  });

  it('says that a bare group name needs @', () => {
    expect(faultOf(() => names('web')).message).toContain('Did you mean @web?');
    expect(faultOf(() => names('@wbe')).message).toContain('Did you mean @web?');
  });

  it.each(['zz-*', '@none', '@empty', 'all,!web-9', 'db-1,!db-1', 'nowhere'])('refuses %s', selector => {
    expect(faultOf(() => names(selector)).code).toBe('fleet.unknown-host');
  });

  it('refuses a selector that only leaves out, and an empty one', () => {
    expect(faultOf(() => names('!web-1')).message).toContain('all,!web-1');
    expect(faultOf(() => names(' , ')).code).toBe('input.invalid');
  });

  it('takes any name as an address when told', () => {
    expect(selectHosts(inventory, 'nowhere', { adHoc: true })[0]?.source).toBe('ad-hoc');
  });

  it('is not slowed down by hostile patterns', () => {
    const long: Inventory = { hosts: [host('a'.repeat(2000))], groups: [] };
    expect(() => selectHosts(long, `${'*a'.repeat(300)}*b`)).toThrow(/No host fits/);
    expect(() => selectHosts(long, '(a+)+*$')).toThrow(/No host fits/);
  });
});

describe('ad-hoc hosts', () => {
  it.each([
    ['root@web', true],
    ['10.0.0.7', true],
    ['10.0.0.7:2222', true],
    ['fe80::1', true],
    ['[fe80::1]:22', true],
    ['web.example.org', true],
    ['web.example.org:22', true],
    ['web-1', false],
    ['web.1', false],
  ])('%s: %s', (term, expected) => {
    expect(looksAdHoc(term)).toBe(expected);
  });

  it('reads user, address and port', () => {
    expect(parseAddress('ops@[fe80::1]:2222')).toEqual({ user: 'ops', address: 'fe80::1', port: 2222 });
    expect(parseAddress('::1')).toEqual({ address: '::1' });
    expect(parseAddress('web:0')).toBeNull();
    expect(parseAddress('-oProxyCommand=x@web')).toBeNull();
    expect(parseAddress('ops@-v')).toBeNull();
  });

  it('keeps what is known of the host behind user@', () => {
    const known: Inventory = {
      hosts: [{ ...host('web-1', 'web'), overrides: { address: '10.0.0.1', user: 'ops', port: 2200 } }],
      groups: ['web'],
    };
    const root = adHocHost(known, 'root@web-1');
    expect(root.overrides).toEqual({ address: '10.0.0.1', user: 'root', port: 2200 });
    expect(root.name).toBe('root@web-1');
  });

  it('refuses what could be an option', () => {
    expect(faultOf(() => selectHosts(inventory, '-v@x')).code).toBe('input.invalid');
  });
});

describe('nearestNames', () => {
  it('counts edits, a swap as one', () => {
    expect(editDistance('web', 'wbe')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });
  it('leaves out far names', () => {
    expect(nearestNames('web-1', ['database', 'web-2', 'webb-1'])).toEqual(['web-2', 'webb-1']);
  });
});
