import { textTable } from "#shared/text/text_table.ts";
import type { InstanceReport, InstanceState } from "./report.ts";

/**
 * A service that `lapwing agent detect` lists. It has the states of a running agent's report and three more: configured (the configuration names it), starts
 * (an agent would watch it as it is), off (it would if detection were on).
 */
export type DetectedService = Omit<InstanceReport, "state"> & {
  readonly state: InstanceState | "configured" | "starts" | "off";
};

/** What was found on this host for people to read: a table, the reasons, and what to add to the configuration. */
export function detectionText(services: readonly DetectedService[], isOn: boolean): string {
  const found = services.filter(({ state }) => state !== "failed");
  const failed = services.filter(({ state }) => state === "failed");
  if (found.length === 0)
    return `No service of a kind that Lapwing knows was found on this host.\n${failedText(failed)}`;
  const rows = [
    ["SERVICE", "INSTANCE", "STATE", "METRICS", "LOGS"],
    ...found.map((service) => [
      service.title,
      service.instance,
      stateText(service),
      service.metrics.map((prefix) => `${prefix}*`).join(" ") || "its own",
      service.logs.length === 0 ? "none" : service.logs.join(" "),
    ]),
  ];
  const needing = found.filter(({ state, snippet }) => state === "needs" && snippet !== "");
  const ready = found.filter(({ state, snippet }) => canRun(state) && snippet !== "");
  const note = isOn
    ? "The others need no line: they are watched as if the configuration said"
    : "Detection is off (integrations.detect: false). What it would watch, as the configuration would say it";
  const parts = [
    textTable(rows),
    found.map(reasonText).join(""),
    needing.length === 0
      ? ""
      : `To be watched these need something. Add it to the configuration:\n\n${merged(needing)}`,
    ready.length === 0 ? "" : `${note}:\n\n${merged(ready)}`,
    failedText(failed),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function canRun(state: DetectedService["state"]): boolean {
  return ["starts", "off", "running", "down", "starting"].includes(state);
}

function stateText({ state, needs, lastError, origin }: DetectedService): string {
  const keys = needs.map(({ key }) => key).join(", ");
  switch (state) {
    case "starts":
      return "starts by itself";
    case "off":
      return "would start";
    case "needs":
      return keys === "" ? "needs something" : `needs ${keys}`;
    case "invalid":
      return "cannot be asked";
    case "running":
    case "starting":
    case "down": {
      const by = origin === "configuration" ? "configured" : "found";
      return `${state} (${by})${lastError === "" ? "" : `: ${lastError}`}`;
    }
    default:
      return state;
  }
}

function reasonText(service: DetectedService): string {
  const { title, instance, confidence, because, state, lastError } = service;
  const reasons = because.map((reason) => `  ${reason}\n`).join("");
  const sure = because.length === 0 ? "not found now" : `confidence ${confidence}`;
  const fault = state === "invalid" ? `  its options are not valid: ${lastError}\n` : "";
  return `${title} ${instance} (${sure})\n${reasons}${fault}`;
}

function failedText(failed: readonly DetectedService[]): string {
  return failed
    .map(({ integration, lastError }) => `${integration} could not be looked for: ${lastError}\n`)
    .join("");
}

/** Their snippets as one. */
function merged(services: readonly DetectedService[]): string {
  const kinds = Map.groupBy(services, ({ integration }) => integration);
  const lists = [...kinds].map(([, each]) =>
    each.map(({ snippet }, i) => linesFrom(snippet, i === 0 ? 1 : 2)).join(""),
  );
  return `integrations:\n${lists.join("")}`;
}

function linesFrom(text: string, first: number): string {
  return text.split("\n").slice(first).join("\n");
}
