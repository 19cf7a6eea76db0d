import { z } from "zod";
import { hostName, parseListen } from "#shared/runtime/config/base_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { AgentConfig } from "./config/config.ts";
import { type DetectedService, detectionText } from "./integrations/detection_text.ts";
import { Detector } from "./integrations/detection/detector.ts";
import { type InstanceReport, instanceReports } from "./integrations/report.ts";

export type DetectFlags = ConfigFlags & { readonly json?: boolean };

/** How long an agent that runs is waited for. */
const agentWaitMs = 1_000;

/** Looks at this host once, as an agent would, and tells what it found. Starts nothing and stores nothing. */
export async function detect(flags: DetectFlags): Promise<void> {
  const config = await loadConfig(AgentConfig, flags);
  const { integrations } = config;
  const all = { ...integrations, detect: true, exclude: new Set<string>() };
  const detector = new Detector(all, { clock: systemClock, log: silentLogger });
  const [running] = await Promise.all([askAgent(config.listen), detector.look()]);
  const found = instanceReports(all, detector, [], config.agent.name ?? hostName()).map((report) =>
    detectedOf(report, integrations, running),
  );
  // What the agent misses is not found by a look.
  const missed = (running ?? []).filter(
    ({ state, ...each }) => state === "down" && !found.some((other) => isSame(each, other)),
  );
  const services = [...found, ...missed];
  if (flags.json === true)
    console.log(JSON.stringify({ agent: running !== undefined, services }, undefined, 2));
  else process.stdout.write(detectionText(services, integrations.detect));
}

/** The state as the agent that runs has it; without one, what would become of the service. */
function detectedOf(
  report: InstanceReport,
  { exclude, detect: isOn }: AgentConfig["integrations"],
  running: readonly RunningInstance[] | undefined,
): DetectedService {
  const { integration, origin, state } = report;
  if (state === "failed") return { ...report, state };
  const live = running?.find((each) => isSame(each, report));
  if (live !== undefined) {
    const { state: liveState, origin: liveOrigin, lastError } = live;
    return { ...report, state: liveState, origin: liveOrigin, lastError };
  }
  if (origin === "configuration") return { ...report, state: "configured" };
  if (exclude.has(integration)) return { ...report, state: "excluded" };
  return state === "starting"
    ? { ...report, state: isOn ? "starts" : "off" }
    : { ...report, state };
}

type Identity = Pick<InstanceReport, "integration" | "instance">;

function isSame(a: Identity, b: Identity): boolean {
  return a.integration === b.integration && a.instance === b.instance;
}

const Need = z.object({ key: z.string(), example: z.string(), why: z.string() });
const RunningInstance = z.object({
  integration: z.string(),
  title: z.string(),
  instance: z.string(),
  job: z.string(),
  state: z.enum(["running", "down", "starting", "needs", "invalid", "failed", "excluded"]),
  origin: z.enum(["configuration", "detection"]),
  lastError: z.string(),
  confidence: z.number(),
  because: z.array(z.string()),
  needs: z.array(Need),
  metrics: z.array(z.string()),
  logs: z.array(z.string()),
  snippet: z.string(),
  foundMs: z.number(),
});
type RunningInstance = z.output<typeof RunningInstance>;
const Running = z.object({ integrations: z.array(RunningInstance) });

/** What the agent of this configuration tells; undefined where none runs. */
async function askAgent(listen: string): Promise<readonly RunningInstance[] | undefined> {
  const { hostname, port } = parseListen(listen);
  const host = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/integrations`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(agentWaitMs) });
    return Running.parse(await response.json()).integrations;
  } catch {
    // None runs there, or something else does.
    return undefined;
  }
}
