import type { Page } from "playwright-core";
import { type Step, inTurn, press, see, tab, toEnd, touch, write } from "../steps.ts";
import type { Scene } from "../shoot.ts";

/** Opens the agent that has most to tell: those with faults are listed first. */
const firstAgent = async (page: Page): Promise<void> => {
  await page.getByRole("table", { name: "Agents" }).getByRole("row").nth(1).click();
  await page.waitForURL(/\/agents\/\w+/);
  await page.getByRole("tab").first().waitFor();
};

/** An agent's page, and what is done there. */
function agent(name: string, ...steps: readonly Step[]): Scene {
  return { name, path: "/agents", before: inTurn(firstAgent, ...steps) };
}

/** The list of agents, how one is enrolled, and one with each of its tabs. */
export const scenes: readonly Scene[] = [
  { name: "agents_page", path: "/agents" },
  { name: "agents_failing", path: "/agents?is=failing" },
  { name: "agents_none", path: "/agents?q=no-such-agent" },
  { name: "agents_columns", path: "/agents", before: press("Columns") },
  { name: "agents_column_filters", path: "/agents", before: press("Filter columns") },
  { name: "agents_export", path: "/agents", before: press("Export Agents") },
  { name: "agents_enrol", path: "/agents?enrol=yes" },
  {
    name: "agents_enrol_fault",
    path: "/agents?enrol=yes",
    before: write("Labels on all that they send", "site north"),
  },
  {
    name: "agents_enrol_made",
    path: "/agents?enrol=yes",
    before: inTurn(
      write("Labels on all that they send", "site=north, role=web"),
      press("Make token"),
      see("[aria-label='the command that enrols']"),
    ),
  },
  {
    name: "agents_rollout_confirm",
    path: "/agents",
    before: async (page) => {
      const rollouts = page.getByRole("region", { name: "Rollouts" });
      await rollouts
        .getByRole("button", { name: /Pause|Resume|Roll back/ })
        .first()
        .click();
      await page.getByRole("dialog").waitFor();
    },
  },
  agent("agent_targets"),
  agent("agent_targets_end", toEnd),
  agent("agent_configuration", tab("Configuration")),
  agent("agent_job", tab("Configuration"), touch("details.job summary")),
  agent("agent_spool", tab("Spool and loss")),
  agent("agent_limits", tab("Series limits")),
  agent("agent_revoke", press("Revoke"), see("[role=dialog]")),
  { name: "agent_unknown", path: "/agents/00000000000000ff" },
  { name: "host_unknown", path: "/hosts/00000000000000ff" },
];
