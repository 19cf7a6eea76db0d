import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import type { Deadline } from "../net/deadline.ts";
import type { BrowserProbe } from "./config.ts";
import { DevTools } from "./dev_tools.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const errorTextMax = 100_000;

/** A browser of one probe's own, with a profile that is gone afterwards. */
export class Chromium {
  readonly tools: DevTools;
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;
  readonly #profile: string;

  /** Starts it behind a proxy and waits until it listens. Throws OperatingError. */
  static async start(
    options: BrowserProbe,
    proxyPort: number,
    deadline: Deadline,
  ): Promise<Chromium> {
    const program =
      options.executable ?? names.map((name) => Bun.which(name)).find((found) => found !== null);
    if (program === undefined || program === null)
      throw new OperatingError(
        "unavailable",
        `no browser: none of ${names.join(", ")} is installed`,
      );
    const profile = await mkdtemp(join(tmpdir(), "lapwing-browser-"));
    let child: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;
    try {
      child = Bun.spawn([program, ...flags(options, proxyPort, profile), "about:blank"], {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      });
      const url = await deadline.race(devToolsUrl(child.stderr));
      return new Chromium(child, profile, await DevTools.open(url, deadline));
    } catch (thrown) {
      await end(child, profile);
      throw thrown;
    }
  }

  private constructor(
    child: Bun.Subprocess<"ignore", "ignore", "pipe">,
    profile: string,
    tools: DevTools,
  ) {
    this.#child = child;
    this.#profile = profile;
    this.tools = tools;
  }

  async close(): Promise<void> {
    this.tools.close();
    await end(this.#child, this.#profile);
  }
}

async function end(child: Bun.Subprocess | undefined, profile: string): Promise<void> {
  child?.kill("SIGKILL");
  await child?.exited;
  // Its helpers may write for a moment longer.
  await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function flags(options: BrowserProbe, proxyPort: number, profile: string): string[] {
  const { width, height } = options.viewport;
  return [
    "--headless",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    `--proxy-server=http://127.0.0.1:${proxyPort}`,
    // Addresses of this host, too, go by the proxy; and nothing by other ways.
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--mute-audio",
    `--window-size=${width},${height}`,
    ...(options.user_agent === undefined ? [] : [`--user-agent=${options.user_agent}`]),
    ...(options.insecure_skip_verify ? ["--ignore-certificate-errors"] : []),
    // Its sandbox does not run as root.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
}

async function devToolsUrl(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new OperatingError("unavailable", `the browser ended: ${text.slice(-500)}`);
    text = (text + decoder.decode(value, { stream: true })).slice(-errorTextMax);
    const url = /DevTools listening on (ws:\/\/\S+)/.exec(text)?.[1];
    if (url === undefined) continue;
    void drain(reader);
    return url;
  }
}

/** What it says later is read, so that it does not wait for a reader. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}
