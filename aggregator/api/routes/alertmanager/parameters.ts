import type { Context } from "hono";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type LinearRegex, searchingRegex } from "#shared/text/linear_regex.ts";
import type { AlertMatcher } from "../../../notify/routing/matcher.ts";
import { parseMatcher } from "../../../notify/routing/parse_matchers.ts";

const yes = /^(?:true|1|yes|ok|y|on|selected|checked|t|enabled)$/i;

/** A flag that is true where it is left out. */
export function flag(c: Context, name: string): boolean {
  const text = c.req.query(name);
  return text === undefined || yes.test(text);
}

/** Matchers of a parameter that may stand several times. Throws OperatingError("bad_request"). */
export function matchersOf(c: Context, name: "filter" | "receiver_matchers"): AlertMatcher[] {
  try {
    return (c.req.queries(name) ?? []).map(parseMatcher);
  } catch (thrown) {
    const error = messageOf(thrown);
    const message = name === "filter" ? error : `failed to parse ${name} param: ${error}`;
    throw new OperatingError("bad_request", message);
  }
}

/** Whether an alert's receiver is wanted: `receiver` is a regular expression for its name. */
export function receiverFilter(
  c: Context,
  labelsOf: (receiver: string) => Labels | undefined,
): (receiver: string) => boolean {
  const matchers = matchersOf(c, "receiver_matchers");
  const pattern = c.req.query("receiver");
  const regex = pattern === undefined ? undefined : receiverRegex(pattern);
  return (receiver) => {
    if (regex?.test(receiver) === false) return false;
    if (matchers.length === 0) return true;
    const labels = labelsOf(receiver);
    return labels !== undefined && matchesFilter(matchers, labels);
  };
}

function receiverRegex(pattern: string): LinearRegex {
  try {
    return searchingRegex(`^(?:${pattern})$`);
  } catch (thrown) {
    const message = `failed to parse receiver param: ${messageOf(thrown)}`;
    throw new OperatingError("bad_request", message);
  }
}

/** As matchers match elsewhere, but an empty value means whether the label is there (Alertmanager, api/v2). */
export function matchesFilter(matchers: readonly AlertMatcher[], labels: Labels): boolean {
  return matchers.every(({ name, operator, value, test }) => {
    const isThere = Object.hasOwn(labels, name);
    if (value === "" && isThere === operator.startsWith("!")) return true;
    return test(isThere ? (labels[name] ?? "") : "");
  });
}
