import { type Context, Hono } from "hono";
import { createHash } from "node:crypto";
import type { Matcher } from "#shared/model/labels.ts";
import { compileMatchers } from "#shared/query_language/matchers.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import type { GroupEvaluation, RuleState } from "../../../rules/group_evaluation.ts";
import { type RulesView, activeAlerts } from "../../../rules/rules_view.ts";
import { answering, invalidParameter } from "./answer.ts";
import { booleanOf, readParams, selectorsParam } from "./params.ts";
import { alertPieces, groupPieces, listPieces } from "./rules_json.ts";

/** /rules, /alerts and /alertmanagers of Prometheus's API. */
export function alertingRoutes(rules: () => RulesView): Hono {
  const app = new Hono();
  app.get(
    "/rules",
    answering(async (c) => ({ dataJson: await rulesAnswer(c, rules()) })),
  );
  app.get(
    "/alerts",
    answering(() => ({ dataJson: objectPieces("alerts", alertPieces(activeAlerts(rules()))) })),
  );
  app.get(
    "/alertmanagers",
    answering(() => {
      const { active, dropped } = rules().alertmanagers;
      const data = { activeAlertmanagers: listed(active), droppedAlertmanagers: listed(dropped) };
      return { dataJson: JSON.stringify(data) };
    }),
  );
  return app;
}

async function rulesAnswer(c: Context, { evaluations }: RulesView) {
  const type = (c.req.query("type") ?? "").toLowerCase();
  if (!["", "alert", "record"].includes(type))
    throw invalidParameter("type", `not supported value ${JSON.stringify(type)}`);
  const excludes = excludesAlerts(c.req.query("exclude_alerts") ?? "");
  const params = await readParams(c);
  const isWanted = ruleFilter(params.all("rule_name[]"), selectorsParam(params, true), type);
  const groups = params.all("rule_group[]");
  const files = params.all("file[]");
  const { limit, token: from } = pagingOf(
    c.req.query("group_limit"),
    c.req.query("group_next_token"),
  );
  const named = evaluations.filter(
    ({ group: { name, file } }) =>
      (groups.length === 0 || groups.includes(name)) &&
      (files.length === 0 || files.includes(file)),
  );
  const shown = named
    .slice(from === "" ? 0 : placeOf(named, from))
    .map((evaluation) => ({ evaluation, rules: evaluation.rules.filter(isWanted) }))
    .filter(({ rules }) => rules.length > 0);
  const page = shown.slice(0, limit);
  const next = shown[limit]?.evaluation;
  const pieces = listPieces(page, (one) => groupPieces(one.evaluation, one.rules, excludes));
  const token = next === undefined ? "" : `,"groupNextToken":${JSON.stringify(tokenOf(next))}`;
  return objectPieces("groups", pieces, token);
}

function listed(urls: readonly string[]) {
  return urls.map((url) => ({ url }));
}

/** An object as JSON with one member, and what follows it. */
function* objectPieces(name: string, value: Iterable<string>, more = ""): Generator<string> {
  yield `{${JSON.stringify(name)}:`;
  yield* value;
  yield `${more}}`;
}

function excludesAlerts(text: string): boolean {
  if (text === "") return false;
  const excludes = booleanOf(text);
  if (excludes !== undefined) return excludes;
  const cause = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw invalidParameter("exclude_alerts", `error converting exclude_alerts: ${cause}`);
}

function ruleFilter(
  names: readonly string[],
  selectors: readonly (readonly Matcher[])[],
  type: string,
): (state: RuleState) => boolean {
  const matches = selectors.map((matchers) => compileMatchers(matchers));
  const kind = type === "alert" ? "alerting" : "recording";
  return ({ rule }) =>
    (names.length === 0 || names.includes(rule.name)) &&
    (type === "" || rule.kind === kind) &&
    (matches.length === 0 || matches.some((all) => all(rule.labels)));
}

function pagingOf(limit = "", token = ""): { readonly limit: number; readonly token: string } {
  if (limit === "" && token !== "")
    throw invalidParameter(
      "group_limit",
      "group_limit needs to be present in order to paginate over the groups",
    );
  if (limit !== "" && !/^\+?0*[1-9]\d*$/.test(limit))
    throw invalidParameter(
      "group_limit",
      "group_limit needs to be a valid number and greater than 0",
    );
  return { limit: limit === "" ? Infinity : Number(limit), token };
}

/** Where the group with that token stands. */
function placeOf(evaluations: readonly GroupEvaluation[], token: string): number {
  const place = evaluations.findIndex((one) => tokenOf(one) === token);
  if (place >= 0) return place;
  throw new PromqlError(
    "bad_data",
    `invalid group_next_token '${token}'. were rule groups changed?`,
  );
}

function tokenOf({ group: { file, name } }: GroupEvaluation): string {
  return createHash("sha1").update(`${file};${name}`).digest("hex");
}
