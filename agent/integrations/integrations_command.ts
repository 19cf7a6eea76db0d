import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { toGrafana } from "#shared/dashboards/to_grafana.ts";
import { OperatingError } from "#shared/errors.ts";
import { textTable } from "#shared/text/text_table.ts";
import { alertNames, assetFiles, integrationFolder, readAssets } from "./assets.ts";
import { integrations } from "./registry.ts";

type ShowFlags = {
  readonly dashboard?: boolean;
  readonly rules?: boolean;
  readonly slo?: boolean;
};

/** `lapwing integrations list` and `show NAME`: dashboards, rules and SLOs as other tools take them. */
export function integrationsCommand(command: Command): void {
  command.description("the kinds of services that an agent watches, with dashboards and alerts");
  command.command("list").description("all of them").action(list);
  command
    .command("show")
    .argument("<name>", "as `list` tells it")
    .description("what one of them collects and needs")
    .option("--dashboard", "its dashboard, as JSON to import into Grafana")
    .option("--rules", "its alerts, as a rule file of Prometheus")
    .option("--slo", "its objectives, as a file of Sloth (prometheus/v1)")
    .action(show);
}

function list(): void {
  const rows = Object.values(integrations).map(({ name, title }) => {
    const assets = readAssets(integrationFolder(name));
    const panels = assets.board.rows.flatMap((row) => row.panels).length;
    return [name, title, `${panels}`, `${alertNames(assets).length}`, `${assets.slo.slos.length}`];
  });
  process.stdout.write(textTable([["NAME", "TITLE", "PANELS", "ALERTS", "SLOS"], ...rows]));
}

function show(name: string, flags: ShowFlags): void {
  const known = Object.keys(integrations);
  if (!known.includes(name))
    throw new OperatingError(
      "bad_request",
      `no integration is called "${name}": expected one of ${known.join(", ")}`,
    );
  const chosen = (["dashboard", "rules", "slo"] as const).filter((each) => flags[each] === true);
  if (chosen.length > 1)
    throw new OperatingError("bad_request", `expected one of --dashboard, --rules and --slo`);
  const folder = integrationFolder(name);
  const [what] = chosen;
  if (what === "dashboard") {
    const board = toGrafana(readAssets(folder).board, `lapwing-${name}`);
    process.stdout.write(`${JSON.stringify(board, undefined, 2)}\n`);
  } else
    process.stdout.write(
      readFileSync(join(folder, what === undefined ? "README.md" : assetFiles[what]), "utf8"),
    );
}
