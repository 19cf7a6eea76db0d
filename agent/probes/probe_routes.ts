import { Hono } from "hono";
import { parseGoFloat } from "#shared/text/exposition/go_float.ts";
import { shownYaml } from "#shared/runtime/config/shown_config.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { ProbesConfig } from "./config.ts";
import type { ProbeMeters } from "./meters.ts";
import type { ProbeModule } from "./module.ts";
import { requestGuard } from "./net/address_guard.ts";
import { type ProbeResult, runProbe } from "./run_probe.ts";

/** Where no scrape says how long it waits (prober/handler.go). */
const timeoutDefaultSeconds = 120;
const moduleDefault = "http_2xx";

/** GET /probe: one probe, asked for as the blackbox exporter is, and answered with its metrics. `config` is the one in effect. */
export function probeRoutes(
  config: () => ProbesConfig,
  { clock, meters }: { readonly clock: Clock; readonly meters: ProbeMeters },
): Hono {
  let running = 0;
  return new Hono().get("/probe", async (c) => {
    const probes = config();
    const { modules, forbid, allow, timeout_offset: offsetMs, running_max: runningMax } = probes;
    const query = new URL(c.req.url).searchParams;
    const refuse = (status: 400 | 500 | 503, message: string) => c.text(`${message}\n`, status);
    const name = query.get("module") || moduleDefault;
    const module = Object.hasOwn(modules, name) ? modules[name] : undefined;
    if (module === undefined) {
      meters.refused("unknown_module");
      return refuse(400, `Unknown module ${JSON.stringify(name)}`);
    }
    const header = c.req.header("X-Prometheus-Scrape-Timeout-Seconds") ?? "";
    const timeoutMs = timeoutOf(header, module, offsetMs);
    if (timeoutMs === undefined)
      return refuse(
        500,
        `Failed to parse timeout from Prometheus header: ${JSON.stringify(header)}`,
      );
    const target = unescaped(query.get("target") ?? "");
    if (target === "") return refuse(400, "Target parameter is missing");
    const hostname = query.get("hostname") ?? "";
    const conflict = hostConflict(module, hostname);
    if (conflict !== undefined) return refuse(400, conflict);
    if (running >= runningMax) {
      meters.refused("overloaded");
      return refuse(503, `${runningMax} probes are running: try again`);
    }
    running++;
    try {
      const result = await runProbe({
        module,
        target,
        timeoutMs,
        clock,
        guard: requestGuard(forbid, allow, probes.allow_sockets),
        signal: c.req.raw.signal,
        ...(hostname === "" ? {} : { hostname }),
      });
      meters.probed(module.prober, "request", result);
      if (query.get("debug") === "true") return c.text(debugText(module, result));
      return c.body(result.gauges.text(), 200, {
        "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
      });
    } finally {
      running--;
    }
  });
}

/** Milliseconds: the scrape's own time less the offset, or the module's where that is shorter. Undefined for a header that is no number. */
export function timeoutOf(
  header: string,
  { timeoutMs: moduleMs = 0 }: Pick<ProbeModule, "timeoutMs">,
  offsetMs: number,
): number | undefined {
  const bytes = Buffer.from(header);
  const given = header === "" ? 0 : parseGoFloat(bytes, 0, bytes.length);
  if (given === undefined || Number.isNaN(given)) return undefined;
  const scrapeMs = Math.min((given || timeoutDefaultSeconds) * 1_000, 2 ** 31 - 1) - offsetMs;
  return (moduleMs > 0 && moduleMs < scrapeMs) || scrapeMs < 0 ? moduleMs : scrapeMs;
}

/** Some senders escape a target twice. */
function unescaped(target: string): string {
  try {
    return decodeURIComponent(target.replaceAll("+", " "));
  } catch {
    return target;
  }
}

function hostConflict({ prober, options }: ProbeModule, hostname: string): string | undefined {
  if (prober !== "http" || hostname === "" || typeof options !== "object" || options === null)
    return undefined;
  const headers: unknown = "headers" in options ? options.headers : {};
  const own = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "host");
  if (own === undefined || own[1] === hostname) return undefined;
  return `host header defined both in module configuration (${String(own[1])}) and with URL-parameter 'hostname' (${hostname})`;
}

function debugText(module: ProbeModule, { notes, gauges }: ProbeResult): string {
  return [
    `Logs for the probe:\n${notes.text()}`,
    `Metrics that would have been returned:\n${gauges.text()}`,
    `Module configuration:\n${shownYaml(module)}`,
  ].join("\n\n\n");
}
