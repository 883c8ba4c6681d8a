import type { ComponentType } from 'react';

/**
 * A part of the page that is loaded when it is needed, or before. Once it is here it is drawn at once: what React
 * suspends, it holds back for 300 ms.
 */
export class LazyPart {
  readonly #load: () => Promise<{ readonly default: ComponentType }>;
  #coming: Promise<ComponentType> | null = null;
  /** Null until it is here. */
  component: ComponentType | null = null;

  constructor(load: () => Promise<{ readonly default: ComponentType }>) {
    this.#load = load;
  }

  /** Asks for it once; again after it did not come. Rejects when it cannot be had. */
  async load(): Promise<ComponentType> {
    this.#coming ??= this.#load().then(
      ({ default: component }) => (this.component = component),
      (thrown: unknown) => {
        this.#coming = null;
        throw thrown;
      },
    );
    return await this.#coming;
  }
}
