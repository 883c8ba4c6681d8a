import assert from 'node:assert/strict';
import type { AttachedTerminal, TerminalExit, TerminalItem } from '../../src/api/terminal-contract.ts';

/** A terminal as somebody in front of it sees it. */
export class SeenTerminal {
  readonly line: AttachedTerminal;
  /** All that came, one character for each byte. */
  text = '';
  /** Bytes of output that came. */
  bytes = 0;
  exit: TerminalExit | null = null;
  readonly words: TerminalItem[] = [];
  /** When nothing more comes; rejects with what broke. */
  readonly over: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #held: Promise<void> = Promise.resolve();

  /** `keepText` false: of output only the bytes are counted. */
  constructor(line: AttachedTerminal, keepText = true) {
    this.line = line;
    this.over = this.#read(keepText);
    this.over.catch(() => undefined);
  }

  /** Nothing is taken until what comes back is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  async type(text: string): Promise<void> {
    await this.line.write(Buffer.from(text));
  }

  async shows(text: string | RegExp): Promise<string> {
    return await this.until(`'${String(text)}' is shown`, () => {
      const found = typeof text === 'string' ? this.text.includes(text) && text : text.exec(this.text)?.[0];
      return found === undefined ? false : found;
    });
  }

  async says(item: TerminalItem['item']): Promise<TerminalItem> {
    return await this.until(`${item} is said`, () => this.words.find(each => each.item === item) ?? false);
  }

  async ends(): Promise<TerminalExit> {
    return await this.until('it ends', () => this.exit ?? false);
  }

  async until<Value>(what: string, look: () => Value | false): Promise<Value> {
    let isOver = false;
    const wake = (): void => {
      isOver = true;
      this.#changed.resolve();
    };
    void this.over.then(wake, wake);
    for (;;) {
      const { promise } = this.#changed;
      const value = look();
      if (value !== false) return value;
      assert.ok(!isOver, `${what}: the terminal is over after ${JSON.stringify(this.text.slice(-500))}`);
      await promise;
    }
  }

  async #read(keepText: boolean): Promise<void> {
    for await (const item of this.line.items()) {
      await this.#held;
      if (item.item === 'output') {
        this.bytes += item.bytes.length;
        if (keepText) this.text += Buffer.from(item.bytes).toString('latin1');
      } else this.words.push(item);
      if (item.item === 'ended') this.exit = item.exit;
      const { resolve } = this.#changed;
      this.#changed = Promise.withResolvers();
      resolve();
    }
  }
}
