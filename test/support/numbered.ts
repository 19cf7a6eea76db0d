import { closeSync, openSync, renameSync, writeSync } from "node:fs";

/** An exporter whose sample counts how often it was asked, so that every scrape has a number of its own. */
export class NumberedExporter {
  readonly name: string;
  readonly #server: Bun.Server<undefined>;
  /** When each number was given out, Unix ms; number n at n - 1. */
  readonly servedMs: number[] = [];

  constructor(name: string) {
    this.name = name;
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => {
        this.servedMs.push(Date.now());
        const text = `# TYPE chaos_number gauge\nchaos_number{exporter="${name}"} ${this.servedMs.length}\n`;
        return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4" } });
      },
    });
  }

  get target(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }
}

/** Writes numbered lines to a file, renaming it away now and then as logrotate does. */
export class NumberedLines {
  readonly path: string;
  readonly #name: string;
  #descriptor: number;
  #timer: Timer | undefined;
  #carry = 0;
  #rotations = 0;
  #isStopped = false;
  written = 0;

  constructor(path: string, name: string) {
    this.path = path;
    this.#name = name;
    this.#descriptor = openSync(path, "a");
  }

  /** About `perSecond` lines, in lumps every 20 ms. */
  start(perSecond: number): void {
    const everyMs = 20;
    this.#timer = setInterval(() => {
      this.#carry += (perSecond * everyMs) / 1_000;
      const count = Math.floor(this.#carry);
      this.#carry -= count;
      this.write(count);
    }, everyMs);
  }

  write(count: number): void {
    let text = "";
    for (let i = 0; i < count; i++) text += `${this.#name} line ${++this.written} end\n`;
    if (text !== "") writeSync(this.#descriptor, text);
  }

  rotate(): void {
    renameSync(this.path, `${this.path}.${++this.#rotations}`);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.path, "a");
  }

  /** Can be called again. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#isStopped) return;
    this.#isStopped = true;
    closeSync(this.#descriptor);
  }
}

/** How often each of 1..count occurs among the numbers: missing, and more than once. */
export function audit(numbers: Iterable<number>, count: number) {
  const seen = new Uint32Array(count + 1);
  let foreign = 0;
  for (const number of numbers) {
    if (number >= 1 && number <= count) seen[number] = (seen[number] ?? 0) + 1;
    else foreign++;
  }
  const missing: number[] = [];
  const repeated: number[] = [];
  for (let number = 1; number <= count; number++) {
    if (seen[number] === 0) missing.push(number);
    if ((seen[number] ?? 0) > 1) repeated.push(number);
  }
  return { missing, repeated, foreign };
}
