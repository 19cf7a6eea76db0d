/**
 * A sender of remote write 1.0 for benchmarks: recorded scrapes of many virtual hosts, one host's scrape a request, as fast as they are
 * taken. All bodies are made before the first is sent.
 *
 *     bun remote_write_sender.ts HOSTS SCRAPES CONCURRENCY
 *
 * Prints "ready" when everything is in memory; then, for each line with a URL on its standard input, sends everything there and prints
 * what it sent as JSON.
 */
import { compressSync } from "snappy";
import { NodeHosts, intervalMs } from "./node_hosts.ts";
import { recordedScrapesAt15s } from "./recorded_scrapes.ts";
import { remoteWriteMessage } from "./remote_write_body.ts";

/** What the sender prints after each round. */
export type Sent = { readonly samples: number; readonly bytes: number; readonly requests: number };

const headers = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

if (import.meta.main) {
  const [hosts = 0, scrapes = 0, concurrency = 1] = process.argv.slice(2).map(Number);
  const bodies = await prepare(hosts, scrapes);
  process.stdout.write("ready\n");
  for await (const url of console) {
    await send(bodies, url, concurrency);
    const sent: Sent = {
      samples: bodies.reduce((sum, { samples }) => sum + samples, 0),
      bytes: bodies.reduce((sum, { body }) => sum + body.length, 0),
      requests: bodies.length,
    };
    process.stdout.write(`${JSON.stringify(sent)}\n`);
  }
}

type Body = {
  readonly host: number;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly samples: number;
};

/** All hosts in turn, `scrapes` times; the last scrapes are of now. */
async function prepare(hosts: number, scrapes: number): Promise<Body[]> {
  const nodes = new NodeHosts(await recordedScrapesAt15s(), hosts);
  const startMs = Date.now() - (scrapes + 1) * intervalMs;
  const bodies: Body[] = [];
  for (let scrape = 0; scrape < scrapes; scrape++)
    for (let host = 0; host < hosts; host++) {
      const series = nodes.window(host, startMs, scrape, 1);
      const packed = compressSync(Buffer.from(remoteWriteMessage(series)));
      bodies.push({ host, body: new Uint8Array(packed), samples: series.length });
    }
  return bodies;
}

/** Each host's bodies in order, by one of the connections. Throws at the first answer that is not a success. */
async function send(bodies: readonly Body[], url: string, concurrency: number): Promise<void> {
  const sender = async (shard: number): Promise<void> => {
    for (const { host, body } of bodies) {
      if (host % concurrency !== shard) continue;
      const answer = await fetch(url, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`remote write: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, shard) => sender(shard)));
}
