import { type RecordedScrape, ScrapeRecorder } from "./scrape_recorder.ts";

type Answer = string | (() => Response | Promise<Response>);

/** Short for quick tests, long enough that a busy machine answers within it: it is the timeout, too. */
export const intervalMs = 500;

export const exposition = { "Content-Type": "text/plain; version=0.0.4" } as const;

export function gzipped(body: string): Response {
  const headers = { ...exposition, "Content-Encoding": "gzip" };
  return new Response(Bun.gzipSync(body), { headers });
}

/** Targets on free ports and recorders that scrape them, until the end of a test. */
export class ScrapeBench {
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  /** The address of a target whose n-th answer is answers[n], and the last one from then on. */
  serve(...answers: readonly Answer[]): string {
    let asked = 0;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: () => {
        const answer = answers[Math.min(asked++, answers.length - 1)] ?? "";
        return typeof answer === "string"
          ? new Response(answer, { headers: exposition })
          : answer();
      },
    });
    this.#cleanups.push(() => server.stop(true));
    return `127.0.0.1:${server.port}`;
  }

  recorder(): ScrapeRecorder {
    const recorder = new ScrapeRecorder();
    this.#cleanups.push(() => recorder.close());
    return recorder;
  }

  /** Scrapes targets as one job "j" of the given settings, every intervalMs. */
  async record(
    target: string | readonly string[],
    more: Record<string, unknown> = {},
  ): Promise<ScrapeRecorder> {
    const recorder = this.recorder();
    const targets = typeof target === "string" ? [target] : target;
    await recorder.apply([{ job_name: "j", static_configs: [{ targets }], ...more }], {
      scrape_interval: `${intervalMs}ms`,
    });
    return recorder;
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).toReversed()) await cleanup();
  }
}

const reportNames = /^(up|scrape_.*)$/;

/** The values without the scrape's own. */
export function exposed(scrape: RecordedScrape): Record<string, number | "stale"> {
  return Object.fromEntries(
    Object.entries(scrape.values).filter(([series]) => !reportNames.test(series)),
  );
}

export function down(scrape: RecordedScrape): boolean {
  return scrape.values["up"] === 0;
}
