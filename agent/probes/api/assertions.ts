import { messageOf } from "#shared/errors.ts";
import type { LinearRegex } from "#shared/text/linear_regex.ts";
import { type Answer, firstHeader } from "../http/answer.ts";
import { matchesBody, type ReadBody } from "../http/body.ts";
import type { ApiStep, Extraction } from "./config.ts";
import { type JsonPath, valuesAt } from "./json_path.ts";

/** What a step was answered. */
export type StepAnswer = {
  readonly status: number;
  readonly headers: Answer["headers"];
  readonly body: ReadBody;
  readonly seconds: number;
};

type Texts = {
  readonly matches?: LinearRegex | undefined;
  readonly not_matches?: LinearRegex | undefined;
};

/** What of a step's assertions does not hold, each as a sentence. Values of the answer are not in them: they may be secrets. */
export async function failedAssertions({ assert }: ApiStep, answer: StepAnswer): Promise<string[]> {
  const failed: string[] = [];
  const { status, seconds, body } = answer;
  const isWanted =
    assert.status.length > 0 ? assert.status.includes(status) : status >= 200 && status < 300;
  if (!isWanted) failed.push(`status is ${status}, not ${assert.status.join(" or ") || "2xx"}`);
  const { latency_max: latencyMaxMs } = assert;
  if (latencyMaxMs !== undefined && seconds * 1_000 > latencyMaxMs)
    failed.push(`it took ${Math.round(seconds * 1_000)} ms, more than ${latencyMaxMs}`);
  for (const { name, equals, ...texts } of assert.headers) {
    const value = firstHeader(answer.headers, name.toLowerCase());
    if (value === undefined) failed.push(`header ${name} is missing`);
    else {
      if (equals !== undefined && value !== equals)
        failed.push(`header ${name} is not "${equals}"`);
      failed.push(...textFaults(`header ${name}`, texts, value));
    }
  }
  if (body.error !== undefined) failed.push(`the body was not read: ${body.error}`);
  for (const { matches, not_matches: unwanted } of assert.body) {
    if (matches !== undefined && !(await matchesBody(matches, body.kept)))
      failed.push(`the body does not match "${matches.source}"`);
    if (unwanted !== undefined && (await matchesBody(unwanted, body.kept)))
      failed.push(`the body matches "${unwanted.source}"`);
  }
  return [...failed, ...jsonFaults(assert.json, body.kept)];
}

function textFaults(
  what: string,
  { matches, not_matches: unwanted }: Texts,
  value: string,
): string[] {
  const faults: string[] = [];
  if (matches !== undefined && !matches.test(value))
    faults.push(`${what} does not match "${matches.source}"`);
  if (unwanted?.test(value) === true) faults.push(`${what} matches "${unwanted.source}"`);
  return faults;
}

function jsonFaults(assertions: ApiStep["assert"]["json"], body: Buffer): string[] {
  if (assertions.length === 0) return [];
  let document: unknown;
  try {
    document = JSON.parse(body.toString("utf8"));
  } catch (thrown) {
    return [`the body is no JSON: ${messageOf(thrown)}`];
  }
  return assertions.flatMap(({ path, equals, exists, ...texts }) => {
    const values = valuesAt(path, document);
    if (exists === false) return values.length === 0 ? [] : [`${path.source} is there`];
    if (values.length === 0) return [`${path.source} is not there`];
    if (equals !== undefined && !values.some((value) => Bun.deepEquals(value, equals)))
      return [`${path.source} is not ${JSON.stringify(equals)}`];
    const faults = values.map((value) => textFaults(path.source, texts, textOf(value)));
    return faults.some((list) => list.length === 0) ? [] : (faults[0] ?? []);
  });
}

/** A variable for the steps that follow; undefined where the answer does not have it. */
export function extracted(from: Extraction, { headers, body }: StepAnswer): string | undefined {
  if (from.json !== undefined) return jsonAt(from.json, body.kept);
  const text =
    from.header === undefined
      ? body.kept.toString("utf8")
      : firstHeader(headers, from.header.toLowerCase());
  if (from.regexp === undefined || text === undefined) return text;
  const groups = from.regexp.exec(text);
  return groups === undefined ? undefined : (groups[1] ?? groups[0]);
}

function jsonAt(path: JsonPath, body: Buffer): string | undefined {
  try {
    const [value] = valuesAt(path, JSON.parse(body.toString("utf8")));
    return value === undefined ? undefined : textOf(value);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
