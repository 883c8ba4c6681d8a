import type { Surroundings } from '../core/task.ts';

/** What one may do: look; submit and steer; answer for others; everything. */
export const RIGHTS_OF = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  approver: ['read', 'approve'],
  admin: ['read', 'operate', 'approve', 'administer'],
} as const;

export type Role = keyof typeof RIGHTS_OF;
export const ROLES = Object.keys(RIGHTS_OF) as readonly Role[];
export type Right = (typeof RIGHTS_OF)['admin'][number];

/** Who asks, as the door found out. */
export interface Caller {
  /** For the audit: an account, `token:NAME`, `mcp:NAME`. */
  readonly who: string;
  readonly role: Role;
  /** How it was recognised: the socket of the account, a session of the console, a token, a program that said its name. */
  readonly via: 'socket' | 'console' | 'token' | 'agent';
  /** The browser's session, where there is one: as `SessionView.id`. */
  readonly session?: string;
  /** Aborted when that session is ended: streams end with it. */
  readonly ended?: AbortSignal;
  /** Kinds of tasks that it may submit and see; null = those of its role. */
  readonly kinds: readonly string[] | null;
  /** Selector of the hosts that it may touch and see; null = all. */
  readonly hosts: string | null;
  /** Where it always stands, whatever it says; null = where it says. */
  readonly surroundings: Surroundings | null;
}

/** The account whose daemon it is. */
export function ownerCaller(who: string): Caller {
  return { who, role: 'admin', via: 'socket', kinds: null, hosts: null, surroundings: null };
}

export function mayDo(caller: Pick<Caller, 'role'>, right: Right): boolean {
  return (RIGHTS_OF[caller.role] as readonly Right[]).includes(right);
}

/** Is it the person whose daemon it is, not somebody who was let in. */
export function isOwner({ via }: Pick<Caller, 'via'>): boolean {
  return via === 'socket' || via === 'console';
}
