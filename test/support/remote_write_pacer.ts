/**
 * A sender of remote write 1.0 in real time: each virtual host sends one recorded scrape an interval, with the time at which it is
 * sent, and hosts are spread over the interval as Prometheus spreads its targets. The same bodies go to every URL.
 *
 *     bun remote_write_pacer.ts HOSTS SCRAPES INTERVAL_SECONDS URL...
 *
 * Prints what it sent as one line of JSON. Ends with an error at the first answer that is not a success.
 */
import { compressSync } from "snappy";
import { NodeHosts } from "./node_hosts.ts";
import { recordedScrapesAt15s } from "./recorded_scrapes.ts";
import { remoteWriteMessage } from "./remote_write_body.ts";

/** What the pacer prints at its end; `latest_ms` is how late the latest request left. */
export type Paced = {
  readonly samples: number;
  readonly series: number;
  readonly latest_ms: number;
};

const headers = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

if (import.meta.main) {
  const [hosts = 1, scrapes = 1, seconds = 15] = process.argv.slice(2, 5).map(Number);
  const paced = await send({ hosts, scrapes, seconds, urls: process.argv.slice(5) });
  process.stdout.write(`${JSON.stringify(paced)}\n`);
}

type Plan = {
  readonly hosts: number;
  readonly scrapes: number;
  readonly seconds: number;
  readonly urls: readonly string[];
};

async function send({ hosts, scrapes, seconds, urls }: Plan): Promise<Paced> {
  const nodes = new NodeHosts(await recordedScrapesAt15s(), hosts);
  const stepMs = (1_000 * seconds) / hosts;
  const startedMs = Date.now();
  let [samples, latestMs] = [0, 0];
  for (let turn = 0; turn < hosts * scrapes; turn++) {
    const dueMs = Math.round(startedMs + turn * stepMs);
    const waitMs = dueMs - Date.now();
    if (waitMs > 0) await Bun.sleep(waitMs);
    latestMs = Math.max(latestMs, Date.now() - dueMs);
    const series = nodes.scrapeAt(turn % hosts, Math.floor(turn / hosts), dueMs);
    const body = new Uint8Array(compressSync(Buffer.from(remoteWriteMessage(series))));
    await Promise.all(urls.map((url) => post(url, body)));
    samples += series.length;
  }
  return { samples, series: nodes.series, latest_ms: latestMs };
}

async function post(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(url, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}
