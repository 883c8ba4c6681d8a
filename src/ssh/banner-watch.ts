import { sanitiseText } from '../core/untrusted.ts';

/** How far a connection attempt has come, in this order. */
export type HandshakeStage = 'greeting' | 'key-exchange' | 'authentication';

const MOST_BYTES = 4096;
/** What OpenSSH writes instead of its version when it turns a connection away. */
const TURNED_AWAY = /^(Exceeded MaxStartups|Not allowed at this time)/;

/** Reads along with the first bytes of a connection: the server's version, or what answers instead. */
export class BannerWatch {
  #text = '';
  #complete = false;

  feed(bytes: Uint8Array): void {
    if (this.#complete) return;
    this.#text += Buffer.from(bytes).toString('latin1');
    this.#complete = /^SSH-[^\n]*\n/m.test(this.#text) || this.#text.length > MOST_BYTES;
  }

  /** `SSH-2.0-OpenSSH_10.0p2 Debian-7`, sanitised, or null as long as there was none. */
  get version(): string | null {
    const line = /^SSH-[^\n]*/m.exec(this.#text)?.[0];
    return line === undefined ? null : sanitiseText(line.trim()).slice(0, 255);
  }

  /** Something came, and it is neither an SSH version nor OpenSSH's way to turn away. */
  get isForeign(): boolean {
    return this.#text !== '' && this.version === null && !TURNED_AWAY.test(this.#text);
  }

  /** The first line that came, short and sanitised, for messages. */
  get firstLine(): string {
    return sanitiseText((this.#text.split('\n')[0] ?? '').trim()).slice(0, 80);
  }
}
