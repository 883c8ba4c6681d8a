import { createTransport } from 'nodemailer';
import type { NotifyRule } from '../../settings/notify-schema.ts';
import type { Message } from './message.ts';
import { readSecretFile } from './secret-file.ts';

/**
 * Hands a message to a mail server; resolves when the server has accepted it for every receiver. A server that is
 * not on this machine is spoken to under TLS, or not at all.
 */
export async function sendMail(
  message: Message,
  { smtp, from, to, passwordFile }: NonNullable<NotifyRule['email']>,
  limit: number,
): Promise<void> {
  const url = new URL(smtp);
  const secure = url.protocol === 'smtps:';
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const user = decodeURIComponent(url.username);
  const auth =
    user === ''
      ? {}
      : { auth: { user, pass: passwordFile === undefined ? '' : await readSecretFile(passwordFile) } };
  const transport = createTransport({
    host: url.hostname.replaceAll(/[[\]]/g, ''),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && !here,
    ignoreTLS: here && !secure,
    connectionTimeout: limit,
    greetingTimeout: limit,
    socketTimeout: limit,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...auth,
  });
  try {
    const sent = await transport.sendMail({
      from,
      to,
      subject: `[deckhand] ${message.event}: ${message.title}`.slice(0, 200),
      text: mailText(message),
      messageId: `<${message.id}@deckhand>`,
      headers: { 'auto-submitted': 'auto-generated' },
    });
    if (sent.rejected.length > 0)
      throw new Error(`${sent.rejected.length} of ${to.length} receivers refused`);
  } finally {
    transport.close();
  }
}

function mailText(message: Message): string {
  const { text, task, hosts, state, error, next, time } = message;
  const lines = [
    text,
    '',
    `state   ${state}`,
    `hosts   ${hosts.join(', ')}`,
    `task    ${task}`,
    `time    ${time}`,
    ...(error ? [`error   ${error.code}: ${error.message}`, `next    ${error.hint}`] : []),
    '',
    `See: ${next}`,
  ];
  return `${lines.join('\n')}\n`;
}
