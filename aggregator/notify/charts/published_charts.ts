import { randomBytes } from "node:crypto";

/** Services fetch a picture soon after the message, and keep it themselves. */
const keptMs = 24 * 3_600_000;
const chartsMax = 200;
const idBytes = 32;

/** The path of a chart begins with it. */
export const chartsPath = "/api/v1/monitoring/charts";

/**
 * Charts for services that take the address of a picture alone: for a day, under addresses that can't be guessed. They are in memory, the
 * newest 200; a restart forgets them.
 */
export class PublishedCharts {
  readonly #now: () => number;
  readonly #externalUrl: () => string;
  readonly #charts = new Map<string, { readonly png: Uint8Array; readonly untilMs: number }>();

  constructor(parts: { readonly now: () => number; readonly externalUrl: () => string }) {
    this.#now = parts.now;
    this.#externalUrl = parts.externalUrl;
  }

  /** The address of a picture, or undefined where this server has no address. */
  publish(png: Uint8Array): string | undefined {
    const externalUrl = this.#externalUrl();
    if (externalUrl === "") return undefined;
    const id = randomBytes(idBytes).toString("base64url");
    this.#charts.set(id, { png, untilMs: this.#now() + keptMs });
    for (const [known, { untilMs }] of this.#charts) {
      if (this.#charts.size <= chartsMax && untilMs > this.#now()) break;
      this.#charts.delete(known);
    }
    return `${externalUrl}${chartsPath}/${id}.png`;
  }

  /** undefined where there is none, or its time is over. */
  find(id: string): Uint8Array | undefined {
    const found = this.#charts.get(id);
    return found === undefined || found.untilMs <= this.#now() ? undefined : found.png;
  }
}
