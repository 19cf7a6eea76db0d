import { Database } from "bun:sqlite";
import { z } from "zod";
import type { Stage } from "./stage.ts";

const Texts = z.record(z.string(), z.string());
const Rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            name: z.string(),
            health: z.string(),
            state: z.string().exactOptional(),
            alerts: z.array(z.object({ labels: Texts, state: z.string() })).default([]),
            unknown: z
              .object({
                reason: z.string(),
                agents: z.array(
                  z.object({ name: z.string(), reason: z.string(), since: z.string() }),
                ),
              })
              .exactOptional(),
            learned: z
              .array(z.object({ labels: Texts, text: z.string(), firedAt: z.string() }))
              .default([]),
          }),
        ),
      }),
    ),
  }),
});

/** Rules over the temperatures of rooms, as the server shows them at the moment. */
export function shownRules(url: () => string) {
  const rule = async (name: string) => {
    const answer = await fetch(new URL("/api/v1/rules", url()));
    const { groups } = Rules.parse(await answer.json()).data;
    const found = groups.flatMap(({ rules }) => rules).find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no rule ${name}`);
    return found;
  };
  /** The rooms of its firing alerts. */
  const firing = async (name: string) =>
    (await rule(name)).alerts
      .filter(({ state }) => state === "firing")
      .map(({ labels }) => labels["room"] ?? "")
      .toSorted();
  /** Agents that are missing, and why; undefined where none is. */
  const missing = async (name: string) =>
    (await rule(name)).unknown?.agents.map((one) => `${one.name} ${one.reason}`).toSorted();
  return { rule, firing, missing };
}

/** A target that agents scrape, whose temperature the test sets. */
export function roomTarget(stage: Stage, name: string, celsius: number) {
  const given = { celsius, scrapes: 0 };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      given.scrapes++;
      return new Response(`celsius{room="${name}"} ${given.celsius}\n`);
    },
  });
  stage.after(() => server.stop(true));
  return { given, target: `127.0.0.1:${server.port}` };
}

/** Agents whose series a catalog keeps. */
export function keptFeeds(file: string): number {
  const catalog = new Database(file, { readonly: true });
  try {
    const rows = catalog.query("SELECT agent FROM agent_feeds").all();
    return rows.length;
  } finally {
    catalog.close();
  }
}
