import type { Hono } from "hono";
import { stringify } from "yaml";
import { formatDuration } from "#shared/text/duration.ts";
import type { GroupEvaluation } from "../../../rules/group_evaluation.ts";
import type { ExpressionLanguage, Rule, RuleGroup } from "../../../rules/rule.ts";
import { activeAlerts } from "../../../rules/rules_view.ts";
import { joinInTurns, streamed } from "../../large_answer.ts";
import { alertPieces, groupPieces, listPieces } from "../prometheus/rules_json.ts";
import { type LokiParts, basePath, textRefusal } from "./context.ts";

/** The reading half of Loki's ruler: groups with an expression over logs, by file. */
export function rulesRoutes(app: Hono, { rules }: Pick<LokiParts, "rules">): void {
  const ofLogs = () => rules().evaluations.filter(readsLogs);
  for (const base of [`${basePath}/rules`, "/api/prom/rules"]) {
    app.get(base, () => byNamespace(ofLogs()));
    app.get(`${base}/:namespace`, (c) => {
      const namespace = c.req.param("namespace");
      return byNamespace(ofLogs().filter(({ group }) => group.file === namespace));
    });
    app.get(`${base}/:namespace/:group`, (c) => {
      const { namespace, group: name } = c.req.param();
      const found = ofLogs().find(({ group }) => group.file === namespace && group.name === name);
      return found === undefined ? noGroups() : yaml(groupYaml(found.group));
    });
  }
  app.get("/prometheus/api/v1/rules", () =>
    enveloped(
      "groups",
      listPieces(ofLogs(), (one) => groupPieces(one, one.rules, false)),
    ),
  );
  app.get("/prometheus/api/v1/alerts", () =>
    enveloped("alerts", alertPieces(activeAlerts({ evaluations: ofLogs() }))),
  );
}

function readsLogs({ group: { rules } }: GroupEvaluation): boolean {
  return rules.some(({ language }) => language === "logql");
}

function byNamespace(evaluations: readonly GroupEvaluation[]): Response {
  if (evaluations.length === 0) return noGroups();
  const files = Map.groupBy(evaluations, ({ group }) => group.file);
  return yaml(
    Object.fromEntries(
      Array.from(files, ([file, groups]) => [file, groups.map(({ group }) => groupYaml(group))]),
    ),
  );
}

function noGroups(): Response {
  return textRefusal("no rule groups found", 404);
}

function yaml(content: object): Response {
  return new Response(stringify(content), { headers: { "content-type": "application/yaml" } });
}

/** A group as a file has it. */
function groupYaml({ name, intervalMs, limit, rules }: RuleGroup) {
  return {
    name,
    interval: formatDuration(intervalMs),
    ...(limit > 0 && { limit }),
    rules: rules.map(ruleYaml),
  };
}

/** Where a rule of a file has its expression. */
const expressionKeys: Readonly<Record<ExpressionLanguage, "expr" | "sql">> = {
  promql: "expr",
  logql: "expr",
  sql: "sql",
};

function ruleYaml(rule: Rule) {
  const labels = Object.keys(rule.labels).length > 0 && { labels: rule.labels };
  const asked = { [expressionKeys[rule.language]]: rule.expr };
  if (rule.kind === "recording") return { record: rule.name, ...asked, ...labels };
  return {
    alert: rule.name,
    ...asked,
    ...(rule.forMs > 0 && { for: formatDuration(rule.forMs) }),
    ...(rule.keepFiringMs > 0 && { keep_firing_for: formatDuration(rule.keepFiringMs) }),
    ...labels,
    ...(Object.keys(rule.annotations).length > 0 && { annotations: rule.annotations }),
  };
}

/** Loki's envelope with one list, made with pauses. */
async function enveloped(name: string, list: Iterable<string>): Promise<Response> {
  const texts = await joinInTurns(list);
  return streamed([
    `{"status":"success","data":{${JSON.stringify(name)}:`,
    ...texts,
    '},"errorType":"","error":""}',
  ]);
}
