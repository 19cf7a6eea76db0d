import { closeSync, openSync, renameSync, writeSync } from "node:fs";

const pulseMs = 20;
/** A request may wait for one turn of the loop to be accepted and for another to be read: one more is for certain. */
const pulsesBack = 3;

type Given = {
  /** The request can't have come before. */
  readonly fromMs: number;
  readonly servedMs: number;
  /** The other end of the connection; undefined where it was gone already. */
  readonly port: number | undefined;
};

/** An exporter whose sample counts how often it was asked, so that every scrape has a number of its own. */
export class NumberedExporter {
  readonly name: string;
  readonly #server: Bun.Server<undefined>;
  /** When each number was given out, Unix ms; number n at n - 1. */
  readonly servedMs: number[] = [];
  readonly #given: Given[] = [];
  /** When this process last looked for requests: however long it then stood still, none had come before that. */
  readonly #pulses: number[] = Array.from({ length: pulsesBack }, () => Date.now());
  readonly #pulse: Timer;

  constructor(name: string) {
    this.name = name;
    this.#pulse = setInterval(() => {
      this.#pulses.shift();
      this.#pulses.push(Date.now());
    }, pulseMs);
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request, server) => {
        const servedMs = Date.now();
        this.servedMs.push(servedMs);
        const port = server.requestIP(request)?.port;
        this.#given.push({ fromMs: this.#pulses[0] ?? 0, servedMs, port });
        const text = `# TYPE chaos_number gauge\nchaos_number{exporter="${name}"} ${this.servedMs.length}\n`;
        return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4" } });
      },
    });
  }

  get target(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  /**
   * What is known of a number: its request came within the span. `isRead`: the connection was used again, which an HTTP/1.1 client does only
   * when it has read the answer to its end.
   */
  given(number: number): { number: number; fromMs: number; toMs: number; isRead: boolean } {
    const given = this.#given[number - 1];
    if (given === undefined) throw new Error(`${this.name} has not given out ${number} yet`);
    const { fromMs, servedMs, port } = given;
    const later = this.#given.slice(number);
    const isRead = port !== undefined && later.some((one) => one.port === port);
    return { number, fromMs, toMs: servedMs, isRead };
  }

  async stop(): Promise<void> {
    clearInterval(this.#pulse);
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
