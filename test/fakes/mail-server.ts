import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A real SMTP server on this machine that keeps what it is given. */
export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** Whole mails, in order. */
  readonly mails: readonly string[];
  /** `user/password` of every login. */
  readonly logins: readonly string[];
  /** Resolves with the first mail. */
  readonly first: Promise<string>;
}

export async function startMailServer(): Promise<MailServer> {
  const mails: string[] = [];
  const logins: string[] = [];
  const { promise: first, resolve } = Promise.withResolvers<string>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    onAuth({ username, password }, _session, done) {
      logins.push(`${username}/${password}`);
      done(null, { user: username });
    },
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        mails.push(text);
        done();
        resolve(text);
      });
    },
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    mails,
    logins,
    first,
    [Symbol.asyncDispose]: async () => await new Promise<void>(closed => server.close(() => closed())),
  };
}
