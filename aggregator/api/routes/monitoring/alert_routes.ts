import type { Context, Hono } from "hono";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { type RulesView, stateOf } from "../../../rules/rules_view.ts";
import type { StoredGroup, StoredRules } from "../../../rules/stored/stored_rules.ts";
import { type AlertAnswer, AlertBody } from "./alert_schemas.ts";

export type AlertRouteParts = {
  readonly rules: () => RulesView;
  readonly storedRules: StoredRules;
};

/** Where these alerts are kept, a group each: the ruler APIs and the page of rules show them, too. */
const namespace = "monitoring";
const bodyCharactersMax = 1_000_000;
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
  answers("GET", path, async () => ({
    alerts: stored.all
      .filter((one) => one.namespace === namespace)
      .map((group) => answerOf(group, parts.rules())),
  }));
  answers("GET", `${path}/:id`, async (c) => answerOf(found(idOf(c)), parts.rules()));
  answers(
    "POST",
    path,
    async (c) => {
      const body = await bodyOf(c);
      if (stored.find(namespace, body.name) !== undefined)
        throw new OperatingError(
          "conflict",
          `there is an alert ${JSON.stringify(body.name)} already`,
        );
      return answerOf(await stored.put(namespace, groupText(body), "auto"), parts.rules());
    },
    201,
  );
  answers("PUT", `${path}/:id`, async (c) => {
    const before = found(idOf(c));
    const body = await bodyOf(c);
    const { name } = before.group;
    if (body.name !== name && stored.find(namespace, body.name) !== undefined)
      throw new OperatingError(
        "conflict",
        `there is an alert ${JSON.stringify(body.name)} already`,
      );
    const changed = await stored.put(namespace, groupText(body), "auto");
    if (body.name !== name) await stored.remove(namespace, name);
    return answerOf(changed, parts.rules());
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

async function bodyOf(c: Context): Promise<AlertBody> {
  const text = await c.req.text();
  if (text.length > bodyCharactersMax)
    throw new OperatingError(
      "bad_request",
      `expected a body of at most ${bodyCharactersMax} characters`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new OperatingError("bad_request", "expected a body of JSON", { cause });
  }
  const read = AlertBody.safeParse(json);
  if (read.success) return read.data;
  throw new OperatingError("bad_request", z.prettifyError(read.error));
}

function groupText({ name, expression, severity, annotations, ...body }: AlertBody): string {
  const rule = { alert: name, expr: expression, for: body.for, labels: { severity }, annotations };
  return stringify({ name, rules: [rule] });
}

const Written = z.object({
  rules: z.tuple([
    z.object({
      alert: z.string(),
      expr: z.string(),
      for: z.string().default("0s"),
      labels: z.object({ severity: AlertBody.shape.severity }).default({ severity: "warning" }),
      annotations: AlertBody.shape.annotations,
    }),
  ]),
});

function answerOf({ text, group }: StoredGroup, { evaluations }: RulesView): AlertAnswer {
  const [rule] = Written.parse(parse(text)).rules;
  const evaluation = evaluations.find(
    (one) => one.group.file === namespace && one.group.name === group.name,
  );
  const state = evaluation?.rules[0];
  return {
    id: group.name,
    name: rule.alert,
    expression: rule.expr,
    for: rule.for,
    severity: rule.labels.severity,
    annotations: rule.annotations,
    state: state === undefined ? "unknown" : stateOf(state),
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
