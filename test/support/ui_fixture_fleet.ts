import type { FixtureHost } from "./ui_fixture_data.ts";

const base = "/api/v1/fleet/";

/** What an aggregator with a fleet answers: one configuration that nearly everybody runs, and nobody may change anything. */
export function fixtureFleet(
  pathname: string,
  hosts: readonly FixtureHost[],
): Response | undefined {
  if (!pathname.startsWith(base)) return undefined;
  switch (pathname.slice(base.length)) {
    case "agents":
      return Response.json({ agents: hosts.map((host, i) => fleetAgent(host, i)) });
    case "configurations":
      return Response.json({ configurations: [], rollouts: [] });
    case "releases":
      return Response.json({ releases: [], rollouts: [], agents: [] });
    case "enrolments":
      return Response.json({
        can_enrol: true,
        may_change: false,
        servers: ["nats://nats:4222"],
        tokens: [],
        agents: [],
      });
    default:
      return undefined;
  }
}

/** Every 9th waits for a revision, every 11th refused one. */
function fleetAgent({ agent, name }: FixtureHost, i: number) {
  const state = i % 11 === 10 ? "failed" : i % 9 === 8 ? "pending" : "applied";
  const layer = { name: "base", revision: "2" };
  return {
    agent,
    name,
    source: "merged",
    wanted: [layer],
    running: state === "applied" ? [layer] : [{ ...layer, revision: "1" }],
    state,
    reason: state === "failed" ? "scrape_configs.0: expected a job_name" : "",
  };
}
