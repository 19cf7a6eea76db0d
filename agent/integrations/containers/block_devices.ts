import { readIfThere } from "../kernel_files.ts";

/** Names of block devices by their numbers, from /proc/diskstats. */
export class BlockDevices {
  readonly #path: string;
  #names = new Map<string, string>();
  #isRead = false;

  constructor(procfs: string) {
    this.#path = `${procfs}/diskstats`;
  }

  /** Of a new tick. */
  begin(): void {
    this.#isRead = false;
  }

  /** "/dev/vda" of "254:0"; undefined where the text is no pair of numbers. A device that is gone is told by them. */
  nameOf(numbers: string): string | undefined {
    const known = this.#names.get(numbers);
    if (known !== undefined) return known;
    if (!/^\d+:\d+$/.test(numbers)) return undefined;
    if (!this.#isRead) {
      this.#isRead = true;
      this.#read();
    }
    return this.#names.get(numbers) ?? numbers;
  }

  /** "254 0 vda 1 2 ..." */
  #read(): void {
    this.#names = new Map();
    for (const line of (readIfThere(this.#path) ?? "").split("\n")) {
      const [major = "", minor = "", name] = line.trim().split(/\s+/, 3);
      if (name !== undefined) this.#names.set(`${major}:${minor}`, `/dev/${name}`);
    }
  }
}
