/** What a command may do, in words: the result of judging it. Data only. */

/** From harmless to never; the class of a text is the highest of its parts. */
export const CLASSES = ['read-only', 'change', 'destructive', 'unknown', 'forbidden'] as const;
export type CommandClass = (typeof CLASSES)[number];

/** Harm that has a name; an approval must name it too. */
export const RISKS = [
  'lose-ssh',
  'data-loss',
  'reboot',
  'service-loss',
  'secret-disclosure',
  'remote-code',
  'privilege-gain',
  'cover-tracks',
  'exhaustion',
] as const;
export type Risk = (typeof RISKS)[number];

/** One thing that is read, written, removed, … on the host. */
export interface CommandEffect {
  readonly kind:
    | 'reads'
    | 'writes'
    | 'removes'
    | 'runs'
    | 'service'
    | 'package'
    | 'account'
    | 'network'
    | 'container'
    | 'host';
  /** A path, unit, package, address; `?` stands for what is known only when it runs. */
  readonly subject: string;
}

export interface Reason {
  readonly class: CommandClass;
  /** One sentence part, such as `removes /etc`. */
  readonly text: string;
  /** The words of the command it is about, as written. */
  readonly words: string;
  readonly risk?: Risk;
}

/** One simple command of the text, as it will run. */
export interface Segment {
  readonly text: string;
  /** Decoded; null = known only when it runs. */
  readonly argv: readonly (string | null)[];
  readonly class: CommandClass;
  /** Its class without the commands inside it: of `sudo rm x`, that of `sudo`. */
  readonly own: CommandClass;
  /** Another command runs inside it. */
  readonly wraps: boolean;
}

export interface Verdict {
  readonly class: CommandClass;
  /** The class of what was found outside of every command, such as a text that does not parse. */
  readonly outside: CommandClass;
  readonly risks: readonly Risk[];
  readonly effects: readonly CommandEffect[];
  readonly reasons: readonly Reason[];
  readonly segments: readonly Segment[];
}

export function worse(one: CommandClass, other: CommandClass): CommandClass {
  return CLASSES.indexOf(one) >= CLASSES.indexOf(other) ? one : other;
}
