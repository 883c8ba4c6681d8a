import { describe, expect, it } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import type { AuditLog, NewAuditRecord } from '../../store/audit-log.ts';
import { placeOfText } from './console-of-settings.ts';
import { CallAudit } from './keep-audit.ts';
import { hostsOf, isLoopback } from './listen-address.ts';
import { LoginLinks } from './login-links.ts';
import { Sessions } from './sessions.ts';
import { Tokens } from './tokens.ts';

class Steered implements Pick<Clock, 'now'> {
  time = 1_000_000;
  now(): number {
    return this.time;
  }
}
/** Settings of a store, through JSON as a real one keeps them. */
function settings() {
  const kept = new Map<string, string>();
  return {
    kept,
    setting: (name: string) => Promise.resolve(JSON.parse(kept.get(name) ?? 'null') as unknown),
    saveSetting: (name: string, value: unknown) =>
      Promise.resolve(void kept.set(name, JSON.stringify(value))),
  };
}
const here = { folder: '/w', overrides: {} };

describe('login links', () => {
  it('work once, and not after five minutes', () => {
    const clock = new Steered();
    const links = new LoginLinks(clock);
    const { token, expiresAt } = links.make();
    expect(expiresAt - clock.time).toBe(300_000);
    expect(links.use('another')).toBe(false);
    expect(links.use(token)).toBe(true);
    expect(links.use(token)).toBe(false);
    const late = links.make().token;
    clock.time += 300_000;
    expect(links.use(late)).toBe(false);
  });

  it('are few: the oldest goes', () => {
    const links = new LoginLinks(new Steered());
    const made = Array.from({ length: 21 }, () => links.make().token);
    expect(links.use(made[0] ?? '')).toBe(false);
    expect(links.use(made[1] ?? '')).toBe(true);
  });
});

describe('sessions and tokens', () => {
  it('are named, and ended one by one or all but one, at once', async () => {
    const sessions = await Sessions.open(settings(), new Steered());
    const [first, second, third] = [
      await sessions.begin(null),
      await sessions.begin('ci'),
      await sessions.begin(null),
    ];
    const listed = sessions.list();
    expect(listed.map(({ token }) => token)).toEqual([null, 'ci', null]);
    expect(JSON.stringify(listed)).not.toContain(first.secret);
    const used = sessions.find(second.secret);
    const ended = used && sessions.endOf(used);
    expect(await sessions.endWhere(id => id === listed[1]?.id)).toBe(1);
    expect([sessions.find(second.secret), ended?.aborted]).toEqual([null, true]);
    const stays = sessions.find(third.secret);
    expect(await sessions.endWhere(id => id !== listed[0]?.id)).toBe(1);
    expect([sessions.find(first.secret), stays && sessions.endOf(stays).aborted]).toEqual([null, false]);
  });

  it('are fifty at most: the oldest is ended, and with it what it uses', async () => {
    const sessions = await Sessions.open(settings(), new Steered());
    const { secret } = await sessions.begin(null);
    const oldest = sessions.find(secret);
    const ended = oldest && sessions.endOf(oldest);
    for (let more = 1; more < 50; more += 1) await sessions.begin(null);
    expect([sessions.count, ended?.aborted]).toEqual([50, false]);
    await sessions.begin(null);
    expect([sessions.count, sessions.find(secret), ended?.aborted]).toEqual([50, null, true]);
  });

  it('are there after a restart, and no secret is kept', async () => {
    const clock = new Steered();
    const store = settings();
    const { secret } = await (await Sessions.open(store, clock)).begin(null);
    const { token } = await (await Tokens.open(store, clock)).add(here, { name: 'ci', role: 'viewer' });
    const text = [...store.kept.values()].join();
    expect(text).not.toContain(secret);
    expect(text).not.toContain(token);
    expect((await Sessions.open(store, clock)).find(secret)).toMatchObject({ token: null });
    expect(await (await Tokens.open(store, clock)).caller(token)).toMatchObject({
      who: 'token:ci',
      role: 'viewer',
      surroundings: here,
    });
  });

  it('expire, end, and are cleared', async () => {
    const clock = new Steered();
    const store = settings();
    const sessions = await Sessions.open(store, clock);
    const tokens = await Tokens.open(store, clock);
    const mine = await sessions.begin(null);
    const other = await sessions.begin('ci');
    const { token } = await tokens.add(here, { name: 'ci', role: 'viewer', expiresIn: 5000 });
    await sessions.endThoseOf('ci');
    expect([sessions.find(mine.secret) !== null, sessions.find(other.secret)]).toEqual([true, null]);
    clock.time += 5000;
    expect(await tokens.caller(token)).toBeNull();
    expect(tokens.named('ci')).toBeNull();
    clock.time = mine.expiresAt;
    expect(sessions.find(mine.secret)).toBeNull();
    expect(sessions.count).toBe(0);
  });

  it('have one name each; a removed one is worthless', async () => {
    const tokens = await Tokens.open(settings(), new Steered());
    const { token, view } = await tokens.add(here, { name: 'ci', role: 'operator', kinds: ['ssh.execute'] });
    expect(Object.keys(view)).not.toContain('hash');
    await expect(tokens.add(here, { name: 'ci', role: 'viewer' })).rejects.toMatchObject({
      code: 'token.exists',
    });
    await tokens.remove('ci');
    expect(await tokens.caller(token)).toBeNull();
    await expect(tokens.remove('ci')).rejects.toMatchObject({ code: 'token.unknown' });
  });
});

describe('the audit of calls', () => {
  it('keeps 30 refusals of nobody a minute, counts the others, and keeps whoever is known', async () => {
    const clock = new Steered();
    const kept: NewAuditRecord[] = [];
    const log = { append: (entry: NewAuditRecord) => Promise.resolve(void kept.push(entry)) };
    const audit = new CallAudit(log as unknown as AuditLog, clock);
    const call = {
      who: 'nobody',
      via: null,
      operation: 'unknown',
      route: 'GET /v1/tasks',
      subject: '',
      outcome: 'refused',
      code: 'api.unauthorised',
      requestId: 'r',
    } as const;
    for (let count = 0; count < 100; count += 1) await audit.keep(call);
    expect(kept).toHaveLength(30);
    for (let count = 0; count < 100; count += 1) await audit.keep({ ...call, via: 'token' });
    expect(kept).toHaveLength(130);
    clock.time += 60_000;
    await audit.keep(call);
    expect(kept.at(-1)?.why).toBe('refused api.unauthorised; 70 more of nobody were refused before');
  });
});

describe('addresses', () => {
  it.each([
    ['', null],
    ['8791', { address: '127.0.0.1', port: 8791 }],
    ['[::1]:9', { address: '::1', port: 9 }],
    ['10.0.0.1:80', { address: '10.0.0.1', port: 80 }],
    ['nonsense', null],
  ])('%j as a setting', (text, place) => expect(placeOfText(text)).toEqual(place));

  it('are this machine only where nobody else gets in, and are known by their own names', () => {
    expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.example'].some(isLoopback)).toBe(false);
    expect(hostsOf('127.0.0.1', 80)).toEqual(new Set(['127.0.0.1:80', 'localhost:80', '[::1]:80']));
    expect(hostsOf('10.0.0.1', 80).has('10.0.0.1:80')).toBe(true);
  });
});
