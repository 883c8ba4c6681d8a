import type { Store } from '../../store/store.ts';

/** Where lists are kept: settings of the store. */
export type KeptIn = Pick<Store, 'setting' | 'saveSetting'>;

/** A list that outlives the daemon, as one setting of the store. It is changed as a whole. */
export class KeptList<Entry> {
  readonly #store: KeptIn;
  readonly #setting: string;
  #entries: readonly Entry[];

  private constructor(store: KeptIn, setting: string, entries: readonly Entry[]) {
    this.#store = store;
    this.#setting = setting;
    this.#entries = entries;
  }

  static async open<Entry>(store: KeptIn, setting: string): Promise<KeptList<Entry>> {
    const kept = (await store.setting(setting)) as readonly Entry[] | null | undefined;
    return new KeptList(store, setting, kept ?? []);
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** It holds at once, and is kept when the promise is done. */
  async change(entries: readonly Entry[]): Promise<void> {
    this.#entries = entries;
    await this.#store.saveSetting(this.#setting, entries);
  }
}
