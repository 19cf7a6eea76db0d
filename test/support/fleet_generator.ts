/**
 * Many agents as one process, so that their cost is not the aggregator's:
 *
 *     bun fleet_generator.ts NATS_URL AGENTS SERIES INTERVAL_S [mixed]
 *
 * Each has a connection of its own and the uplink, encoder, frames and heartbeats of a real agent, with ten targets and five services; only its spool is memory. The
 * first target is the host. They are alike, or differ as those of a fleet do (fleet_traits.ts). Prints `ready` when all have beaten once; for each line that it reads it prints FleetSent as JSON.
 */
import { create } from "@bufbuild/protobuf";
import { heartbeatOf } from "#agent/heartbeat.ts";
import type { TargetReport } from "#agent/collect/target_report.ts";
import type { InstanceReport } from "#agent/integrations/report.ts";
import { dataFrames, openFrames, type BuiltFrame } from "#agent/spool/frame_builder.ts";
import { createNatsUplink } from "#agent/uplink/nats_uplink.ts";
import type { AgentPort, Uplink } from "#proto/bus/agent_port.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { toWireSignal } from "#proto/codec/envelope.ts";
import { type MetricsEncoder, createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import {
  ConfigurationStateSchema,
  HeartbeatSchema,
  LaneStateSchema,
} from "#proto/gen/v1/control_pb.js";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type Position, comparePositions, origin } from "#shared/model/position.ts";
import { builtInSignals, type Signal } from "#shared/signals.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { version as ownVersion } from "#shared/version.ts";
import { type AgentTraits, mixedTraits, plainTraits } from "./fleet_traits.ts";
import { LineReader } from "./line_reader.ts";

export type FleetSent = {
  readonly agents: number;
  readonly heartbeats: number;
  readonly samples: number;
  readonly frames: number;
  readonly frameBytes: number;
  /** Of frames that no committed block holds yet. */
  readonly waitingBytes: number;
};

const targetsMax = 10;
const tenant = "default";

/** What the hosts page asks for, of a host with two CPUs, two file systems and an interface. */
function hostSeries(instance: string): Labels[] {
  const of = (name: string, labels: Labels = {}): Labels => ({
    __name__: name,
    instance,
    job: "node",
    ...labels,
  });
  const modes = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"];
  return [
    ...["0", "1"].flatMap((cpu) =>
      modes.map((mode) => of("node_cpu_seconds_total", { cpu, mode })),
    ),
    of("node_memory_MemAvailable_bytes"),
    of("node_memory_MemTotal_bytes"),
    ...["/", "/srv"].flatMap((mountpoint) =>
      ["avail", "size"].map((what) =>
        of(`node_filesystem_${what}_bytes`, { device: "/dev/vda", fstype: "ext4", mountpoint }),
      ),
    ),
    of("node_network_receive_bytes_total", { device: "eth0" }),
    of("node_network_transmit_bytes_total", { device: "eth0" }),
  ];
}

function targetSeries(instance: string, target: number, count: number): Labels[] {
  const own: Labels = { instance: `${instance}:${9_000 + target}`, job: `app-${target}` };
  const known = target === 0 ? hostSeries(instance) : [];
  const more = Array.from({ length: Math.max(0, count - known.length - 1) }, (_, i) => ({
    __name__: `app_requests_${Math.floor(i / 5)}_total`,
    code: String(200 + (i % 5)),
    ...own,
  }));
  return [{ __name__: "up", ...own }, ...known, ...more];
}

/** An agent whose spool is memory. */
class VirtualAgent {
  heartbeats = 0;
  frames = 0;
  frameBytes = 0;
  itemsTotal = 0;
  readonly port: AgentPort;
  readonly #name: string;
  readonly #id: string;
  readonly #startedMs = Date.now();
  readonly #schemas: { readonly series: Labels[]; readonly families: [] }[];
  readonly #encoder: MetricsEncoder = createMetricsEncoder();
  #held: BuiltFrame[] = [];
  #position: Position = origin;
  #committed: Position = origin;
  readonly #wake = new Set<(signal: Signal) => void>();
  readonly #scrapedMs: number[] = [];

  readonly #traits: AgentTraits;

  constructor(number: number, series: number, traits: AgentTraits) {
    this.#traits = traits;
    this.#name = `host-${String(number).padStart(4, "0")}`;
    this.#id = `agent-${number}`;
    this.#schemas = Array.from({ length: targetsMax }, (_, target) => ({
      series: targetSeries(this.#name, target, Math.round(series / targetsMax)),
      families: [],
    }));
    const lane = {
      tenant,
      agent: this.#id,
      signal: "metrics" as const,
      code: toWireSignal("metrics"),
    };
    const before = { position: origin, itemsTotal: 0 };
    this.#take(openFrames(lane, before, this.#startedMs, {}, new Map(), this.#startedMs));
    this.port = {
      tenant,
      agent: this.#id,
      signals: builtInSignals,
      readFrames: (signal, after, bytesMax) =>
        Promise.resolve(signal === "metrics" ? this.#read(after, bytesMax) : []),
      onFrames: (callback) => {
        this.#wake.add(callback);
        return () => void this.#wake.delete(callback);
      },
      heartbeat: () => this.#heartbeat(),
      committed: (signal, position) => {
        if (signal !== "metrics" || comparePositions(position, this.#committed) <= 0) return;
        this.#committed = position;
        this.#held = this.#held.filter((frame) => comparePositions(frame.position, position) > 0);
      },
      nextAfter: (signal, after) => {
        const [next] = signal === "metrics" ? this.#after(after) : [];
        return Promise.resolve(next === undefined ? {} : { next: next.position });
      },
      newEpoch: () => Promise.resolve(),
      resolution: () =>
        Promise.reject(new OperatingError("unavailable", "ships at one resolution only")),
      liveEpoch: () => 0,
      openAhead: () => Promise.resolve(undefined),
    };
  }

  get isSilent(): boolean {
    return this.#traits.isSilent;
  }

  get waitingBytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** What an agent does with the answer of a target: a row of its series. */
  scrape(target: number, timestampMs: number): void {
    const schema = this.#schemas[target % targetsMax];
    if (schema === undefined) return;
    this.#scrapedMs[target] = timestampMs;
    const passed = (timestampMs - this.#startedMs) / 1_000;
    const values = Float64Array.from(schema.series, (_, i) =>
      i === 0 ? 1 : i % 3 === 0 ? i : Math.round(passed * (i % 7) + 1_000 * i),
    );
    const bodies = this.#encoder.encode({ schema, rows: [{ timestampMs, values }] });
    const lane = {
      tenant,
      agent: this.#id,
      signal: "metrics" as const,
      code: toWireSignal("metrics"),
    };
    const before = { position: this.#position, itemsTotal: this.itemsTotal };
    this.#take(dataFrames(lane, before, bodies, {}, {}, timestampMs));
    for (const wake of this.#wake) wake("metrics");
  }

  #take(frames: readonly BuiltFrame[]): void {
    for (const frame of frames) {
      this.#held.push(frame);
      this.frames++;
      this.frameBytes += frame.bytes.length;
      this.#position = frame.position;
      this.itemsTotal = frame.itemsTotal;
    }
  }

  #after(after: Position): BuiltFrame[] {
    return this.#held.filter((frame) => comparePositions(frame.position, after) > 0);
  }

  #read(after: Position, bytesMax: number): Uint8Array[] {
    let left = bytesMax;
    const frames: Uint8Array[] = [];
    for (const { bytes } of this.#after(after)) {
      if (frames.length > 0 && bytes.length > left) break;
      left -= bytes.length;
      frames.push(bytes);
    }
    return frames;
  }

  #heartbeat() {
    const { version, isNeeding, source, clockAheadMs } = this.#traits;
    const described = heartbeatOf({
      name: this.#name,
      labels: this.#traits.labels,
      facts: {
        os: "Debian GNU/Linux 13 (trixie)",
        kernel: "6.12.0-amd64",
        arch: "x64",
        cpus: "2",
        memory_bytes: "8000000000",
      },
      startedMs: this.#startedMs,
      targets: this.#schemas.map((_, target) => this.#targetReport(target)),
      sources: [{ type: "host_metrics", state: "running", message: "", items: this.itemsTotal }],
      seriesLimit: undefined,
      labelLimits: [],
      credentials: undefined,
      update: undefined,
      integrations: services.map((name, i) =>
        serviceReport(name, this.#name, i === 0 && isNeeding),
      ),
      configuration: create(ConfigurationStateSchema, { source }),
      pools: [{ name: "app", configYaml: "job_name: app\nscrape_interval: 15s\n" }],
    });
    const signal = toWireSignal("metrics");
    const bytes = this.waitingBytes;
    const beat = create(HeartbeatSchema, {
      ...described,
      version,
      tenant,
      agent: this.#id,
      nowMs: Date.now() + clockAheadMs,
      lanes: [
        create(LaneStateSchema, {
          signal,
          last: { signal, ...this.#position },
          itemsTotal: this.itemsTotal,
          spoolBytes: bytes,
          spoolBytesMax: 512 * 1024 ** 2,
          state: "ok",
        }),
      ],
    });
    this.heartbeats++;
    return beat;
  }

  #targetReport(target: number): TargetReport {
    const address = `${this.#name}:${9_000 + target}`;
    const labels = { instance: address, job: `app-${target}` };
    const isDown = target < this.#traits.targetsDown;
    return {
      pool: "app",
      url: `http://${address}/metrics`,
      labels,
      discoveredLabels: {
        ...labels,
        __address__: address,
        __metrics_path__: "/metrics",
        __scheme__: "http",
        __scrape_interval__: "15s",
        __scrape_timeout__: "10s",
      },
      health: isDown ? "down" : "up",
      lastError: isDown ? `connect ECONNREFUSED ${address}` : "",
      lastScrapeMs: this.#scrapedMs[target] ?? 0,
      lastDurationSeconds: 0.004,
      intervalMs: 15_000,
      timeoutMs: 10_000,
      samples: 50,
    };
  }
}

const services = ["redis", "nginx", "postgresql", "haproxy", "memcached"];

function serviceReport(name: string, host: string, isNeeding: boolean): InstanceReport {
  return {
    integration: name,
    title: name,
    instance: `${host}:${name}`,
    job: name,
    state: isNeeding ? "needs" : "running",
    origin: "detection",
    lastError: "",
    confidence: 0.9,
    because: [`a process ${name} listens`, `the port is the usual one of ${name}`],
    needs: isNeeding
      ? [{ key: "password_file", example: "/etc/lapwing/redis", why: "it asks for a password" }]
      : [],
    metrics: [`${name}_`],
    logs: [`/var/log/${name}/*.log`],
    snippet: `integrations:\n  ${name}:\n    - {address: "127.0.0.1"}\n`,
    foundMs: Date.now(),
  };
}

if (import.meta.main) {
  const [url = ""] = process.argv.slice(2);
  const [agents = 0, series = 0, intervalSeconds = 15] = process.argv.slice(3, 6).map(Number);
  const isMixed = process.argv[6] === "mixed";
  const traits = Array.from({ length: agents }, (_, i) =>
    isMixed ? mixedTraits(i, ownVersion) : plainTraits(ownVersion),
  );
  const fleet = traits.map((each, i) => new VirtualAgent(i, series, each));
  const config = NatsConfig.parse({ servers: [url] });
  const silent: Uplink[] = [];
  for (const { port, isSilent } of fleet) {
    const parts = { clock: systemClock, log: silentLogger, metrics: createSelfMetrics() };
    const uplink = createNatsUplink(config, parts);
    await uplink.start(port);
    if (isSilent) silent.push(uplink);
    // Hosts do not start in the same instant either.
    await Bun.sleep(5);
  }
  // Each target at a place of its own in the interval, as agents spread them.
  const slots = agents * targetsMax;
  const startedMs = Date.now();
  let done = 0;
  setInterval(() => {
    const due = Math.floor(((Date.now() - startedMs) / (1_000 * intervalSeconds)) * slots);
    for (; done < due; done++)
      fleet[done % agents]?.scrape(Math.floor(done / agents) % targetsMax, Date.now());
  }, 50);
  while (fleet.some(({ heartbeats }) => heartbeats === 0)) await Bun.sleep(50);
  for (const uplink of silent) await uplink.close();
  process.stdout.write("ready\n");
  const asked = new LineReader(Bun.stdin.stream());
  for (;;) {
    await asked.next();
    const sum = (of: (agent: VirtualAgent) => number) =>
      fleet.reduce((total, agent) => total + of(agent), 0);
    const sent: FleetSent = {
      agents,
      heartbeats: sum((agent) => agent.heartbeats),
      samples: sum((agent) => agent.itemsTotal),
      frames: sum((agent) => agent.frames),
      frameBytes: sum((agent) => agent.frameBytes),
      waitingBytes: sum((agent) => agent.waitingBytes),
    };
    process.stdout.write(`${JSON.stringify(sent)}\n`);
  }
}
