import type { Context, Hono } from "hono";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { type RulesView, stateOf } from "../../../rules/rules_view.ts";
import { missingText } from "../../../rules/unknown/missing_data.ts";
import type { StoredGroup, StoredRules } from "../../../rules/stored/stored_rules.ts";
import { type AlertAnswer, AlertBody } from "./alert_schemas.ts";
import { jsonBody } from "./checked_params.ts";

export type AlertRouteParts = {
  readonly rules: () => RulesView;
  readonly storedRules: StoredRules;
};

/** Where these alerts are kept, a group each: the ruler APIs and the page of rules show them, too. */
const namespace = "monitoring";
const path = "/api/v1/monitoring/alerts";

/** Answers as JSON with a status; failures become refusals. */
type Answers = (
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  answer: (c: Context) => Promise<unknown>,
  status?: number,
) => void;

/** Plain REST for alerting rules: POST makes one, GET lists or shows, PUT changes, DELETE removes. */
export function alertRoutes(answers: Answers, parts: AlertRouteParts): void {
  const { storedRules: stored } = parts;
  const found = (id: string): StoredGroup => {
    const group = stored.find(namespace, id);
    if (group === undefined)
      throw new OperatingError("not_found", `no alert ${JSON.stringify(id)}`);
    return group;
  };
  const shown = (group: StoredGroup): AlertAnswer => {
    const answer = answerOf(group, parts.rules());
    if (answer !== undefined) return answer;
    throw new OperatingError("conflict", `${JSON.stringify(group.group.name)} is no single alert`);
  };
  answers("GET", path, async () => ({
    alerts: stored.all
      .filter((one) => one.namespace === namespace)
      .flatMap((group) => answerOf(group, parts.rules()) ?? []),
  }));
  answers("GET", `${path}/:id`, async (c) => shown(found(idOf(c))));
  answers(
    "POST",
    path,
    async (c) => {
      const body = await jsonBody(c, AlertBody);
      if (stored.find(namespace, body.name) !== undefined)
        throw new OperatingError(
          "conflict",
          `there is an alert ${JSON.stringify(body.name)} already`,
        );
      return shown(await stored.put(namespace, groupText(body), "auto"));
    },
    201,
  );
  answers("PUT", `${path}/:id`, async (c) => {
    const before = found(idOf(c));
    const body = await jsonBody(c, AlertBody);
    const { name } = before.group;
    if (body.name !== name && stored.find(namespace, body.name) !== undefined)
      throw new OperatingError(
        "conflict",
        `there is an alert ${JSON.stringify(body.name)} already`,
      );
    const changed = await stored.put(namespace, groupText(body), "auto");
    if (body.name !== name) await stored.remove(namespace, name);
    return shown(changed);
  });
  answers("DELETE", `${path}/:id`, async (c) => {
    const { name } = found(idOf(c)).group;
    await stored.remove(namespace, name);
    return { deleted: name };
  });
}

function idOf(c: Context): string {
  return c.req.param("id") ?? "";
}

function groupText({ name, expression, sql, severity, annotations, ...body }: AlertBody): string {
  const asked = sql === undefined ? { expr: expression } : { sql };
  const rule = { alert: name, ...asked, for: body.for, labels: { severity }, annotations };
  return stringify({ name, rules: [rule] });
}

const Written = z.object({
  rules: z.tuple(
    [
      z.object({
        alert: z.string(),
        expr: z.string().default(""),
        sql: z.string().exactOptional(),
        for: z.string().default("0s"),
        labels: z
          .object({ severity: AlertBody.shape.severity.catch("warning") })
          .default({ severity: "warning" }),
        annotations: AlertBody.shape.annotations,
      }),
    ],
    z.unknown(),
  ),
});

/** The first rule of a group; undefined for a group of another form, which the ruler API or the interface made of it. */
function answerOf(
  { text, group }: StoredGroup,
  { evaluations }: RulesView,
): AlertAnswer | undefined {
  const read = Written.safeParse(parse(text));
  if (!read.success) return undefined;
  const [rule] = read.data.rules;
  const evaluation = evaluations.find(
    (one) => one.group.file === namespace && one.group.name === group.name,
  );
  const state = evaluation?.rules[0];
  const missing = state?.missing;
  return {
    id: group.name,
    name: rule.alert,
    expression: rule.expr,
    ...(rule.sql !== undefined && { sql: rule.sql }),
    for: rule.for,
    severity: rule.labels.severity,
    annotations: rule.annotations,
    state: state === undefined || missing !== undefined ? "unknown" : stateOf(state),
    unknown: missing === undefined ? "" : missingText(missing),
    alerts: state?.alerting?.active.length ?? 0,
    error: state?.lastError ?? "",
  };
}

/** Adds routes with answers as JSON to an app. */
export function jsonAnswers(app: Hono, refusal: (thrown: unknown) => Response): Answers {
  return (method, at, answer, status = 200) =>
    app.on(method, at, async (c) => {
      try {
        return Response.json(await answer(c), { status });
      } catch (thrown) {
        return refusal(thrown);
      }
    });
}
