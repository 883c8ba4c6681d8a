import { describe, expect, it } from 'vitest';
import type { AuditEntryView } from 'deckhand/client';
import { fitsAudit, joinPages } from './audit-filter.ts';

const entry = (number: number, part: Partial<AuditEntryView> = {}): AuditEntryView => ({
  number,
  time: 0,
  who: 'anna',
  action: 'refused',
  hosts: ['web-1'],
  command: 'rm -rf /srv',
  rule: 'no-deleting',
  why: 'deletes',
  requestId: 'request-1',
  ...part,
});
const anything = { text: '', who: '', action: '' };

describe('the filter of the audit log', () => {
  it('finds a text in any part, whatever its case', () => {
    for (const text of ['', 'ANNA', 'refu', 'web-1', 'RM -rf', 'no-del', ' deletes '])
      expect(fitsAudit(entry(1), { ...anything, text }), text).toBe(true);
    expect(fitsAudit(entry(1), { ...anything, text: 'web-2' })).toBe(false);
  });

  it('takes who and what exactly', () => {
    expect(fitsAudit(entry(1), { ...anything, who: 'ann' })).toBe(false);
    expect(fitsAudit(entry(1), { ...anything, who: 'anna', action: 'refused' })).toBe(true);
    expect(fitsAudit(entry(1), { ...anything, action: 'asked' })).toBe(false);
  });

  it('shows an entry of two pages once, newest first', () => {
    expect(
      joinPages([
        [entry(4), entry(3)],
        [entry(3), entry(2)],
      ]).map(({ number }) => number),
    ).toEqual([4, 3, 2]);
  });
});
