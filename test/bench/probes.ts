/**
 * Probes of an agent beside those of the blackbox exporter: the same modules, on the same targets, in turns. Medians of each phase in milliseconds,
 * and CPU-seconds of each process for a thousand probes. `--rounds` probes of each kind.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { BlackboxExporter, blackboxExporterPath } from "#test/support/blackbox_exporter.ts";
import { LapwingProcess, processCpuSeconds } from "#test/support/lapwing_process.ts";
import { startNameServer } from "#test/support/name_server.ts";
import { ProbeCertificates } from "#test/support/probe_certificates.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { samplesOf } from "#test/support/probing.ts";

type Side = { readonly url: string; readonly pid: number };
type Kind = { readonly module: string; readonly target: string };
type Medians = Record<string, number>;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "300" } } });
  const rounds = Number(values.rounds);
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-probes-"));
  const certificates = new ProbeCertificates();
  const targets = new ProbeTargets();
  const names = await startNameServer({ "www.example A": ["192.0.2.1"] });
  const trusted = `tls_config: {ca_file: ${certificates.authority}}`;
  const modules = `
modules:
  http: {prober: http, http: {preferred_ip_protocol: ip4}}
  https: {prober: http, http: {${trusted}}}
  https_body: {prober: http, http: {enable_http2: false, ${trusted}, fail_if_body_not_matches_regexp: ["over HTTP/[12]"]}}
  tcp: {prober: tcp}
  tcp_tls: {prober: tcp, tcp: {tls: true, ${trusted}, query_response: [{expect: "^[+]OK"}]}}
  icmp: {prober: icmp}
  dns: {prober: dns, dns: {query_name: www.example, query_type: A}}
  grpc: {prober: grpc, grpc: {tls: false}}
`;
  const lapwing = await LapwingProcess.start({
    role: "agent",
    name: "agent",
    folder,
    config: {
      data_dir: join(folder, "data"),
      sources: [],
      probes: { allow: ["127.0.0.0/8", "::1"], ...parse(modules) },
    },
  });
  const peer =
    blackboxExporterPath === undefined ? undefined : await BlackboxExporter.start(folder, modules);
  try {
    const secure = await targets.https(certificates, "good");
    const kinds: Kind[] = [
      { module: "http", target: `127.0.0.1:${await targets.http()}` },
      { module: "https", target: `https://localhost:${secure}/` },
      { module: "https_body", target: `https://localhost:${secure}/` },
      { module: "tcp", target: `127.0.0.1:${await targets.tcp(() => {})}` },
      { module: "tcp_tls", target: `localhost:${await targets.tls(certificates, "+OK\r\n")}` },
      { module: "icmp", target: "127.0.0.1" },
      { module: "dns", target: names.address },
      { module: "grpc", target: `127.0.0.1:${await targets.grpc()}` },
    ];
    const sides: Record<string, Side> = {
      lapwing: { url: lapwing.url, pid: lapwing.pid },
      ...(peer === undefined
        ? {}
        : { blackbox_exporter: { url: peer.url, pid: peer.process.pid } }),
    };
    return await compare(kinds, sides, rounds);
  } finally {
    await lapwing.end("SIGTERM");
    await peer?.stop();
    targets.close();
    await names.close();
    certificates.remove();
    await rm(folder, { recursive: true });
  }
}

/** The first hundred of each kind are for compilers and caches, and do not count. */
async function compare(
  kinds: readonly Kind[],
  sides: Readonly<Record<string, Side>>,
  rounds: number,
): Promise<Record<string, unknown>> {
  const result: Record<string, Record<string, unknown>> = {};
  for (const side of Object.keys(sides)) result[side] = { medians_ms: {}, cpu_s_per_thousand: {} };
  for (const kind of kinds) {
    for (let i = 0; i < Math.min(100, rounds); i++)
      for (const side of Object.values(sides)) await probeOnce(side, kind);
    const seen: Record<string, Map<string, number>[]> = {};
    // In turns, and each for itself once more: CPU time is counted in steps of 10 ms, too coarse for one probe.
    for (let i = 0; i < rounds; i++)
      for (const [name, side] of Object.entries(sides))
        (seen[name] ??= []).push(await probeOnce(side, kind));
    for (const [name, side] of Object.entries(sides)) {
      const before = processCpuSeconds(side.pid);
      for (let i = 0; i < rounds; i++) await probeOnce(side, kind);
      const used = processCpuSeconds(side.pid) - before;
      const own = result[name] ?? {};
      own["medians_ms"] = {
        ...asRecord(own["medians_ms"]),
        [kind.module]: mediansOf(seen[name] ?? []),
      };
      own["cpu_s_per_thousand"] = {
        ...asRecord(own["cpu_s_per_thousand"]),
        [kind.module]: Number(((used * 1_000) / rounds).toFixed(3)),
      };
    }
    console.error(`${kind.module} done, load ${loadavg()[0]?.toFixed(1)}`);
  }
  return { rounds, ...result, load: loadavg()[0] };
}

async function probeOnce({ url }: Side, { module, target }: Kind): Promise<Map<string, number>> {
  const query = new URLSearchParams({ module, target });
  const samples = samplesOf(await (await fetch(`${url}/probe?${query.toString()}`)).text());
  if (samples.get("probe_success") !== 1)
    throw new Error(`${module} of ${target} failed at ${url}`);
  return samples;
}

/** Milliseconds by phase, and of the whole probe. */
function mediansOf(probes: readonly Map<string, number>[]): Medians {
  const times = [...(probes[0]?.keys() ?? [])].filter((name) => name.includes("duration_seconds"));
  return Object.fromEntries(
    times.map((name) => {
      const sorted = probes.map((samples) => samples.get(name) ?? 0).toSorted((a, b) => a - b);
      const phase = /phase="(\w+)"/.exec(name)?.[1] ?? "total";
      return [phase, Number(((sorted[sorted.length >> 1] ?? 0) * 1_000).toFixed(3))];
    }),
  );
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
