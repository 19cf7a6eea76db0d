/** Lets one loop sleep until something may have changed. A wake() that comes before wait() is not lost; many count as one. */
export class Wakeup {
  #isDue = false;
  #resolve: () => void = () => {};

  wake(): void {
    this.#isDue = true;
    this.#resolve();
  }

  async wait(): Promise<void> {
    if (!this.#isDue) await new Promise<void>((resolve) => void (this.#resolve = resolve));
    this.#isDue = false;
  }
}
