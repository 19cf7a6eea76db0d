import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type IntegrationAssets, alertNames, integrationFolder, readAssets } from "./assets.ts";
import type { AnyIntegration } from "./config.ts";
import { integrations } from "./registry.ts";

/** Of the names in a dashboard; what is rarer is another service's. */
const shareLeast = 0.1;

const head = `# Services that are watched

An agent looks for these on its host, once a minute, and watches what needs no secret without any configuration. \`lapwing-agent detect\` lists what is found,
why, and the lines to add for what needs something. Each can be named under \`integrations\`, on this host or another.

    integrations:
      detect: true                # false: only what is named below
      detect_interval: 1m
      interval: 15s               # how often what was found is asked
      exclude: [memcached]        # kinds that detection leaves alone
      redis:
        - address: 127.0.0.1:6379
          password_file: /etc/lapwing/redis.password
          # of every entry: interval, timeout, job, instance, labels, series_max, logs

- Label \`instance\` is where the service is; what is this host's alone (a loopback address, a socket) begins with the host's name, \`web-1:6379\`. \`instance: ...\` says another.
- What is named is not found a second time, however its address is written.
- Looking reads \`/proc\`, the files that a service's package puts where they belong, and asks ports that listen who they are, which is not asked again for an hour while the same
  socket listens. Processes in containers with a network of their own are left alone.
- A service that stops is still a target, which is down, also after a restart of the agent, until it was not found for seven days (\`agent/integrations.json\` in
  the data folder). What lives in a container, or at a port of the kernel's choice (32768 and above) without a unit of systemd, is let go after three rounds without it.
- \`GET /integrations\` of an agent lists what is watched and what is missing, and so does the page of its host. States: running, down (with the reason), starting, needs, invalid, failed, excluded.
- A log file that an integration names is read once, by it, with its labels; the source \`file_logs\` with its usual paths leaves it out, and takes it up again where it stands when the
  service is no longer watched. Paths that are written down under \`sources\` stay with their source. Of a file of many programs
  (\`mail.log\`) the lines of others go on under \`job="files"\`. Where two integrations name one file, the first by name reads it.
  A source \`journald\` of the whole journal has a unit's lines besides the integration that reads that unit. \`logs: false\` leaves the files of a service alone.

This page is generated from the folders of \`agent/integrations\` (\`bun run docs:integrations\`); each folder's README has the options, the rights that are needed, and what is
different from the exporter of the same metrics. Dashboards for Grafana, rules for Prometheus and objectives for Sloth: \`lapwing integrations show NAME --dashboard\`, \`--rules\`, \`--slo\`.
`;

type Described = { readonly integration: AnyIntegration; readonly assets: IntegrationAssets };

/** docs/integrations.md, made of the folders of all integrations. */
export function integrationsDocument(): string {
  const all: readonly AnyIntegration[] = Object.values(integrations);
  const read = all.map((integration) => ({
    integration,
    assets: readAssets(integrationFolder(integration.name)),
  }));
  const rows = read.map(({ integration, assets }) => {
    const { name, title } = integration;
    const panels = assets.board.rows.flatMap((row) => row.panels).length;
    const hasLogs = logsOf(integration).length > 0 ? "yes" : "";
    return `| [${title}](#${name}) | ${metricsOf(assets)} | ${hasLogs} | ${panels} | ${alertNames(assets).length} |`;
  });
  const table = [
    "| | metrics | logs | panels | alerts |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ];
  return `${[head, ...table].join("\n")}\n\n${read.map(section).join("\n")}`;
}

function section({ integration, assets }: Described): string {
  const { name, title } = integration;
  const folder = integrationFolder(name);
  const required = requiredOptions(integration);
  const logs = logsOf(integration);
  const facts: readonly (readonly [string, string])[] = [
    ["needs", required.length === 0 ? "nothing that has no default" : code(required)],
    ["metrics", metricsOf(assets)],
    ["log files", logs.length === 0 ? "none" : code(logs)],
    ["alerts", code(alertNames(assets))],
    [
      "panels",
      assets.board.rows
        .map((row) => `${row.title}: ${row.panels.map((panel) => panel.title).join(", ")}`)
        .join("; "),
    ],
    ["objectives", assets.slo.slos.map((slo) => `${slo.name} ${slo.objective} %`).join(", ")],
  ];
  return `<a id="${name}"></a>

## ${title}

${firstParagraph(readFileSync(join(folder, "README.md"), "utf8"))}

${facts.map(([what, text]) => `- ${what}: ${text}`).join("\n")}
- more: [agent/integrations/${name}](../agent/integrations/${name}/README.md)
`;
}

/** How most names begin that its dashboard asks for. */
function metricsOf({ board }: IntegrationAssets): string {
  const queries = board.rows.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries));
  const counts = new Map<string, number>();
  for (const { expr, datasource } of queries)
    for (const [, prefix = ""] of expr.matchAll(/\b([a-z][a-z0-9]*_)\w+(?=[{[])/g))
      if (datasource === "metrics") counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const usual = [...counts].filter(([, count]) => count >= shareLeast * all);
  return usual
    .toSorted(([, a], [, b]) => b - a)
    .map(([prefix]) => `\`${prefix}*\``)
    .join(", ");
}

/** Options that an entry must have. */
function requiredOptions({ config }: AnyIntegration): string[] {
  const issues = config.safeParse({}).error?.issues ?? [];
  return [...new Set(issues.flatMap(({ path }) => String(path[0] ?? "")))].filter(Boolean);
}

const Places = z.looseObject({
  paths: z.array(z.string()).default([]),
  arguments: z.array(z.string()).default([]),
});

/** Log files and journals with the defaults. */
function logsOf(integration: AnyIntegration): string[] {
  const options = integration.config.safeParse({});
  if (!options.success) return [];
  return (integration.logs?.(options.data) ?? []).flatMap((entry) => {
    const { paths, arguments: journal } = Places.parse(entry);
    return [...paths, ...journal.map((argument) => `journalctl ${argument}`)];
  });
}

function firstParagraph(readme: string): string {
  return readme.replace(/^#[^\n]*\n+/, "").split("\n\n")[0] ?? "";
}

function code(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}
