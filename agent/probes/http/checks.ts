import { messageOf } from "#shared/errors.ts";
import { failedDueToRegex } from "../families.ts";
import type { ProbeContext } from "../prober.ts";
import type { AnswerHeaders } from "./answer.ts";
import { matchesBody, type ReadBody } from "./body.ts";
import type { HttpProbe } from "./config.ts";
import { failedDueToCel } from "./gauges.ts";

/** Whether the headers are as the configuration wants them. */
export function checkHeaders(
  headers: AnswerHeaders,
  options: HttpProbe,
  { gauges, notes }: ProbeContext,
): boolean {
  const wrong = (message: string, header: string, regexp: string): false => {
    notes.error(message, { header, regexp });
    gauges.set(failedDueToRegex, 1);
    return false;
  };
  const lists = [
    [options.fail_if_header_matches, true, "Header matched regular expression"],
    [options.fail_if_header_not_matches, false, "Header did not match regular expression"],
  ] as const;
  for (const [list, isBad, message] of lists)
    for (const { header, regexp, allow_missing: mayLack } of list) {
      const values = headers.get(header.toLowerCase()) ?? [];
      if (values.length === 0 && mayLack) continue;
      if (values.length === 0) return wrong("Missing required header", header, regexp.source);
      if (values.some((value) => regexp.test(value)) === isBad)
        return wrong(message, header, regexp.source);
    }
  gauges.set(failedDueToRegex, 0);
  return true;
}

/** Whether the body is as the regular expressions want it. */
export async function checkBody(
  { kept, error }: ReadBody,
  options: HttpProbe,
  { gauges, notes }: ProbeContext,
): Promise<boolean> {
  const failed = (message: string, regexp?: string): false => {
    notes.error(message, regexp === undefined ? {} : { regexp });
    gauges.set(failedDueToRegex, 1);
    return false;
  };
  if (error !== undefined) return failed(`Error reading HTTP body: ${error}`);
  try {
    for (const regex of options.fail_if_body_matches_regexp)
      if (await matchesBody(regex, kept))
        return failed("Body matched regular expression", regex.source);
    for (const regex of options.fail_if_body_not_matches_regexp)
      if (!(await matchesBody(regex, kept)))
        return failed("Body did not match regular expression", regex.source);
  } catch (thrown) {
    return failed(messageOf(thrown));
  }
  gauges.set(failedDueToRegex, 0);
  return true;
}

/** Whether the body, as JSON, is as the CEL expressions want it. */
export async function checkJson(
  { kept, error }: ReadBody,
  options: HttpProbe,
  { gauges, notes }: ProbeContext,
): Promise<boolean> {
  const failed = (message: string, expression?: string): false => {
    notes.error(message, expression === undefined ? {} : { expression });
    gauges.set(failedDueToCel, 1);
    return false;
  };
  if (error !== undefined) return failed(`Error reading HTTP body: ${error}`);
  const { evaluateCel } = await import("./cel.ts");
  const { fail_if_body_json_matches_cel: bad, fail_if_body_json_not_matches_cel: good } = options;
  try {
    if (bad !== undefined && evaluateCel(bad, kept))
      return failed("Body matched CEL expression", bad);
    if (good !== undefined && !evaluateCel(good, kept))
      return failed("Body did not match CEL expression", good);
  } catch (thrown) {
    return failed(messageOf(thrown));
  }
  gauges.set(failedDueToCel, 0);
  return true;
}
