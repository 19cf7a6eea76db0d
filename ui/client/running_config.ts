import { z } from "zod";
import { fetchJson } from "./transport.ts";

/** What the interface needs of the configuration that the process behind it runs with. */
export type RunningConfig = {
  /** "127.0.0.1:7600". */
  readonly listen: string;
  /** Whether an agent is in the same process (`lapwing up`): pushes are taken here, and other hosts' agents are not. */
  readonly hasAgent: boolean;
  readonly natsServers: readonly string[];
  /** Whether agents are enrolled for credentials of their own. */
  readonly hasFleetKeys: boolean;
};

const Answer = z.object({ data: z.object({ yaml: z.string() }) });
const Shown = z.object({
  listen: z.string().default(""),
  receivers: z.unknown().optional(),
  nats: z.object({ servers: z.array(z.string()).default([]) }).optional(),
  fleet: z
    .object({ keys: z.string().optional(), agent_servers: z.array(z.string()).optional() })
    .optional(),
});

/** GET /api/v1/status/config, of which secrets are left out there. */
export async function runningConfig(signal?: AbortSignal): Promise<RunningConfig> {
  const request = { path: "/api/v1/status/config", params: {}, signal };
  const [answer, { parse }] = await Promise.all([fetchJson(request, Answer), import("yaml")]);
  return readRunningConfig(parse(answer.data.yaml));
}

/** The configuration's document; an aggregator's own has no receivers, and one without NATS no servers. */
export function readRunningConfig(document: unknown): RunningConfig {
  const { listen, receivers, nats, fleet } = Shown.parse(document);
  return {
    listen,
    hasAgent: receivers !== undefined,
    natsServers: fleet?.agent_servers ?? nats?.servers ?? [],
    hasFleetKeys: fleet?.keys !== undefined,
  };
}
