import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AgentName } from "#proto/bus/agent_port.ts";
import type { ResolutionAnswer, ResolutionOrder } from "#proto/bus/resolution.ts";
import { answerResolution } from "#proto/bus/resolution_http.ts";
import type { Agents } from "../../../fleet/agents.ts";

export type ResolutionParts = {
  readonly tenant: () => string;
  readonly agents: Pick<Agents, "list" | "isLive">;
  /** Also for those who ask from within, such as an alert that fires. */
  readonly request: (agent: AgentName, order: ResolutionOrder) => Promise<ResolutionAnswer>;
};

const bodyBytesMax = 64 * 1_024;

/** POST /api/v1/agents/AGENT/resolution: an agent, by its id or its name, ships samples finely. */
export function resolutionRoutes({ tenant, agents, request }: ResolutionParts): Hono {
  return new Hono().post(
    "/api/v1/agents/:agent/resolution",
    bodyLimit({ maxSize: bodyBytesMax }),
    async (c) => {
      const asked = c.req.param("agent");
      const records = agents
        .list(tenant())
        .filter(({ heartbeat: { agent, name } }) => agent === asked || name === asked);
      // A host that was set up anew has left an agent of its name behind.
      const live = records.filter((record) => agents.isLive(record));
      const named = (live.length > 0 ? live : records).map(({ heartbeat }) => heartbeat);
      const [found, another] = named;
      if (found === undefined)
        return c.json({ error: `agent ${JSON.stringify(asked)} is not known` }, 404);
      if (another !== undefined) {
        const ids = named.map(({ agent }) => agent).join(", ");
        return c.json({ error: `several agents have this name: use an id of ${ids}` }, 409);
      }
      const { agent } = found;
      return answerResolution(c, (order) => request({ tenant: tenant(), agent }, order));
    },
  );
}
