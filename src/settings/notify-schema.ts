import { z } from '../core/schema.ts';

/** What a person can be told of. */
export const NOTIFY_EVENTS = [
  /** A run cannot go on by itself, or what became of a task is not known: a person decides. */
  'needs-person',
  /** A plan waits for a yes or no. */
  'approval-requested',
  'run-started',
  'run-failed',
  'run-ended',
  'step-failed',
  'step-ended',
  /** Tasks of every other kind. */
  'task-failed',
  'task-ended',
] as const;
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

const path = z
  .string()
  .min(1)
  .regex(/^[^\0\n]+$/, 'a path');
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** What is told leaves this machine only under TLS. */
function isSafeAddress(text: string, plain: string): boolean {
  const url = URL.parse(text);
  if (!url) return false;
  return url.protocol !== plain || LOOPBACK.test(url.hostname);
}

const webhook = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'an address that begins with https://' })
    .refine(text => isSafeAddress(text, 'http:'), 'https:// (http:// only to this machine)'),
  /** A file with the key that signs, alone; at least 16 bytes. */
  secretFile: path,
});
const mailAddress = z
  .string()
  .regex(/^[^\s@<>,;"\p{Cc}]{1,64}@[^\s@<>,;"\p{Cc}]{1,255}$/u, 'an e-mail address');
const email = z.strictObject({
  /** `smtps://mail.example.org`, `smtp://mail.example.org:587` (STARTTLS is demanded), `user@` before the host. */
  smtp: z.url({ protocol: /^smtps?$/, error: 'an address such as smtps://user@mail.example.org' }),
  from: mailAddress,
  to: z.union([mailAddress.transform(one => [one]), z.array(mailAddress).min(1).max(20)]),
  /** A file with the password alone. */
  passwordFile: path.optional(),
});

/** One rule of `notify:`: what is told, and where. Exactly one of `webhook`, `email` and `log`. */
export const notifyRuleSchema = z
  .strictObject({
    on: z.array(z.enum(NOTIFY_EVENTS)).min(1),
    webhook: webhook.optional(),
    email: email.optional(),
    /** A file that gets one JSON line each. */
    log: path.optional(),
    /** The text; `{{event}} {{title}} {{state}} {{hosts}} {{id}} {{error}} {{next}} {{time}}` are filled in. */
    template: z.string().min(1).max(2000).optional(),
  })
  .refine(({ webhook: hook, email: mail, log }) => [hook, mail, log].filter(Boolean).length === 1, {
    message: 'give exactly one of webhook, email and log',
  });
export type NotifyRule = z.infer<typeof notifyRuleSchema>;
