import { once } from "node:events";
import { type ServerResponse, createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

// Targets of scrapes that answer with what costs most. As a program it makes them, serves them and prints its port.

const text = "text/plain; version=0.0.4";
const openMetrics = "application/openmetrics-text; version=1.0.0";
const protobuf =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
const megabyte = 1024 ** 2;
const large = 48 * megabyte;

/** The part of a body that comes next, for as long as anybody reads. */
type Endless = { readonly part: (i: number) => Uint8Array; readonly everyMs: number };
type Made = { readonly type: string; readonly body: () => Uint8Array | Endless };

const encoder = new TextEncoder();
const bytes = (of: string): Uint8Array => encoder.encode(of);
let scrape = 0;

/** `unit` again and again, `size` bytes of it. */
const filled = (size: number, unit: string): Uint8Array => Buffer.alloc(size, unit);

function lines(count: number, line: (i: number) => string): Uint8Array {
  const parts: string[] = [];
  for (let i = 0; i < count; i++) parts.push(line(i));
  return bytes(`${parts.join("\n")}\n`);
}

const endless = (part: (i: number) => Uint8Array, everyMs = 0): Endless => ({ part, everyMs });

/** Each is made once, before the first scrape, and anew for each scrape where it ends in "_changing". */
const targets: Readonly<Record<string, Made>> = {
  endless: { type: text, body: () => endless(() => filled(megabyte, "flood 1\n")) },
  endless_series: {
    type: text,
    body: () => endless((i) => lines(20_000, (j) => `s{i="${i}",j="${j}"} 1`)),
  },
  endless_comment: { type: text, body: () => endless(() => filled(megabyte, "#a")) },
  drip: { type: text, body: () => endless(() => bytes("drip 1\n"), 50) },
  same_series: { type: text, body: () => filled(large, "flood 1\n") },
  million_series: { type: text, body: () => lines(1_000_000, (i) => `million{i="${i}"} 1`) },
  million_series_changing: {
    type: text,
    body: () => lines(300_000, (i) => `other{scrape="${scrape}",i="${i}"} 1`),
  },
  million_families: { type: text, body: () => lines(1_000_000, (i) => `family_${i} 1`) },
  million_types: { type: text, body: () => lines(1_000_000, (i) => `# TYPE t_${i} counter`) },
  million_helps: { type: text, body: () => lines(1_000_000, (i) => `# HELP h_${i} ${i}`) },
  giant_line: { type: text, body: () => filled(large, "x") },
  giant_name: { type: text, body: () => Buffer.concat([filled(large, "n"), bytes(" 1\n")]) },
  giant_value: {
    type: text,
    body: () => Buffer.concat([bytes('v{a="'), filled(large, "v"), bytes('"} 1\n')]),
  },
  giant_help: { type: text, body: () => Buffer.concat([bytes("# HELP h "), filled(large, "h")]) },
  million_labels: {
    type: text,
    body: () =>
      bytes(`l{${Array.from({ length: 1_000_000 }, (_, i) => `l${i}="${i}"`).join(",")}} 1\n`),
  },
  wide_series: {
    type: text,
    body: () => {
      const labels = Array.from({ length: 500 }, (_, i) => `label_${i}="value_${i}"`).join(",");
      return lines(2_000, (i) => `wide{i="${i}",${labels}} 1`);
    },
  },
  escapes: {
    type: text,
    body: () => Buffer.concat([bytes('e{a="'), filled(large, "\\n"), bytes('"} 1\n')]),
  },
  gzip_bomb: { type: text, body: () => new Uint8Array(gzipSync(Buffer.alloc(512 * megabyte))) },
  gzip_series: {
    type: text,
    body: () => new Uint8Array(gzipSync(lines(1_000_000, (i) => `packed{i="${i}"} 1`))),
  },
  exemplars: {
    type: openMetrics,
    body: () =>
      Buffer.concat([
        bytes("# TYPE e counter\n"),
        lines(200_000, (i) => `e_total{i="${i}"} 1 # {trace_id="${i}"} 1`),
        bytes("# EOF\n"),
      ]),
  },
  protobuf_families: { type: protobuf, body: () => filled(large, "\0") },
  protobuf_metrics: {
    type: protobuf,
    body: () => {
      const metric = Uint8Array.of(34, 11, 34, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0);
      const metrics = Buffer.concat(Array.from({ length: 500_000 }, () => metric));
      const family = Buffer.concat([Uint8Array.of(10, 1, 109, 24, 1), metrics]);
      return Buffer.concat([varint(family.length), family]);
    },
  },
};

export const hostileTargetNames: readonly string[] = Object.keys(targets);

function varint(value: number): Uint8Array {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...out, rest);
    out.push((rest % 128) + 128);
  }
}

/** Serves all of them from a process of their own: `/<name>` at `address`. */
export async function startHostileTargets(): Promise<{
  readonly address: string;
  stop(): Promise<void>;
}> {
  const script = join(import.meta.dir, "hostile_targets.ts");
  const child = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    address: `127.0.0.1:${Number(new TextDecoder().decode(value))}`,
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** Writes no faster than is read: parts that wait in memory would soon keep the process from serving others. */
async function writeEndless(response: ServerResponse, { part, everyMs }: Endless): Promise<void> {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  try {
    for (let i = 0; !closed.signal.aborted; i++) {
      if (everyMs > 0) await Bun.sleep(everyMs);
      if (!response.write(part(i))) await once(response, "drain", { signal: closed.signal });
    }
  } catch (thrown) {
    if (!closed.signal.aborted) throw thrown;
  }
}

function serve(): void {
  const made = new Map<string, Uint8Array | Endless>();
  for (const [name, { body }] of Object.entries(targets)) made.set(name, body());
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? "";
    const target = targets[name];
    if (target === undefined) {
      response.writeHead(404).end();
      return;
    }
    scrape++;
    const body = name.endsWith("_changing") ? target.body() : made.get(name);
    const packed = name.startsWith("gzip_") ? { "content-encoding": "gzip" } : {};
    const length = body instanceof Uint8Array ? { "content-length": body.length } : {};
    response.writeHead(200, { "content-type": target.type, ...packed, ...length });
    if (body instanceof Uint8Array) response.end(body);
    else if (body !== undefined) void writeEndless(response, body);
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    console.log(typeof address === "object" ? String(address?.port) : address);
  });
}

if (import.meta.main) serve();
