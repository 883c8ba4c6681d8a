import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** What ssh wants to know, read from the fixed words of its question. */
export type Question =
  | { readonly kind: 'host-key' }
  | { readonly kind: 'passphrase'; readonly file: string }
  | { readonly kind: 'password' }
  | { readonly kind: 'interactive'; readonly prompt: string }
  /** Only shown while a person touches a security key; ssh ends it by itself. */
  | { readonly kind: 'notice' };

/** Null: nobody can answer. */
export type Answerer = (question: Question, hop: number | null) => Promise<string | null>;

interface Asked {
  readonly prompt: string;
  readonly hint: string;
  readonly hop: string;
}

/** `hint` is what ssh put in SSH_ASKPASS_PROMPT. Pure. */
export function readQuestion(prompt: string, hint: string): Question {
  if (hint === 'none') return { kind: 'notice' };
  if (
    prompt.startsWith("The authenticity of host '") ||
    /\(yes\/no(\/\[fingerprint\])?\)\? *$/.test(prompt)
  ) {
    return { kind: 'host-key' };
  }
  const file = /^Enter (?:passphrase|PIN) for (?:key |\S+ key )?'?(.+?)'?: *$/.exec(prompt)?.[1];
  if (file !== undefined) return { kind: 'passphrase', file };
  if (/^[^\n]+@[^\n]+'s password: *$/.test(prompt)) return { kind: 'password' };
  // Newer clients say first who asks: `(me@web) Verification code: `.
  return { kind: 'interactive', prompt: prompt.replace(/^\([^()\n]*@[^()\n]*\) /, '') };
}

/**
 * The program ssh calls to ask something (SSH_ASKPASS), and the private socket on which it passes the
 * question to us: an answer is never in a file, an argument or the environment.
 */
export class AskpassServer implements AsyncDisposable {
  /** To be added to the environment of `ssh`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.environment = {
      SSH_ASKPASS: join(folder, 'askpass'),
      SSH_ASKPASS_REQUIRE: 'force',
      // Clients before 8.4 ask by a program only where there is a display.
      DISPLAY: process.env['DISPLAY'] ?? ':none',
    };
  }

  /** `folder` is private to the account. */
  static async start(folder: string, answer: Answerer): Promise<AskpassServer> {
    const path = join(folder, 'a');
    const server = createServer({ allowHalfOpen: true });
    const askpass = new AskpassServer(server, folder);
    server.on('connection', socket => askpass.#serve(socket, answer));
    await Promise.all([
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      }),
      writeFile(join(folder, 'askpass.cjs'), PROGRAM, { mode: 0o600 }),
      writeFile(join(folder, 'askpass'), shellProgram(folder), { mode: 0o700 }),
    ]);
    return askpass;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket, answer: Answerer): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', piece => {
      text += String(piece);
    });
    socket.on('end', () => void reply(socket, text, answer));
  }
}

async function reply(socket: Socket, text: string, answer: Answerer): Promise<void> {
  try {
    const { prompt, hint, hop } = JSON.parse(text) as Asked;
    const question = readQuestion(prompt, hint);
    if (question.kind === 'notice') return;
    socket.end(JSON.stringify(await answer(question, hop === '' ? null : Number(hop))));
  } catch {
    socket.destroy();
  }
}

function shellProgram(folder: string): string {
  const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const words = [process.execPath, join(folder, 'askpass.cjs'), join(folder, 'a')].map(quote).join(' ');
  return `#!/bin/sh\nunset NODE_OPTIONS\nexec ${words} "$1"\n`;
}

/** Runs as a program of its own; ends with 1 when nobody answers. */
const PROGRAM = `'use strict';
const socket = require('node:net').connect({ path: process.argv[2], allowHalfOpen: true });
let text = '';
process.exitCode = 1;
socket.on('error', () => undefined);
socket.setEncoding('utf8');
socket.on('data', piece => { text += piece; });
socket.on('end', () => {
  const answer = text === '' ? null : JSON.parse(text);
  if (answer === null) return socket.destroy();
  process.exitCode = 0;
  process.stdout.write(answer + '\\n', () => socket.destroy());
});
socket.end(JSON.stringify({
  prompt: process.argv[3] || '',
  hint: process.env.SSH_ASKPASS_PROMPT || '',
  hop: process.env.DECKHAND_ASKPASS_HOP || '',
}));
`;
