import { z } from "zod";
import { SendFailure } from "../failure.ts";
import { type ChartPicture, addChart } from "../details.ts";
import { jsonOf } from "../http/answer.ts";
import { type Attempt, type Sent, httpChannel, sent, withChart } from "../http_channel.ts";
import { memberText, refusedBy } from "../service_error.ts";
import { jiraIssue, jiraSearch } from "./message.ts";
import { JiraConfig } from "./schema.ts";

const Found = z.object({
  issues: z.array(
    z.object({
      key: z.string().min(1),
      fields: z.object({ status: z.object({ statusCategory: z.object({ key: z.string() }) }) }),
    }),
  ),
});
const Transitions = z.object({
  transitions: z.array(z.object({ id: z.string(), name: z.string() })),
});
const headers = { "Accept-Language": "en" };

/** Issues in Jira: one for each group, which is changed, resolved and opened again. */
export const jira = httpChannel<JiraConfig>({
  name: "jira",
  title: "Jira",
  schema: JiraConfig,
  complete: (config, global) => {
    const api_url = config.api_url ?? global.jira_api_url;
    return {
      config: { ...config, api_url },
      mistakes: api_url === undefined ? ["no Jira API URL: expected it here or in global"] : [],
    };
  },
  send: async (config, attempt) => {
    const { notification, texts, ask, details } = attempt;
    const isFiring = notification.status === "firing";
    const search = jiraSearch(config, notification, texts);
    const found = read(Found, jsonOf(await ask({ ...search, headers })), "a list of issues");
    const [issue] = found.issues;
    // A resolved group without an issue gets none.
    if (issue === undefined && !isFiring) return { answer: "no issue to resolve" };
    const base = `${(config.api_url ?? "").replace(/\/$/, "")}/issue`;
    if (issue === undefined) {
      const more = await details();
      const json = jiraIssue(config, notification, texts, false, more);
      const made = await ask({ url: base, headers, json });
      return withChart(sent(made), more?.chart, (chart) => {
        const key = memberText(jsonOf(made), "key");
        if (key === "") throw refusedBy("Jira", "expected the key of the issue");
        return attach(`${base}/${encodeURIComponent(key)}`, chart, attempt);
      });
    }
    const json = jiraIssue(config, notification, texts, true);
    const url = `${base}/${encodeURIComponent(issue.key)}`;
    await ask({ method: "PUT", url, headers, json });
    const isDone = issue.fields.status.statusCategory.key === "done";
    const transition = isFiring ? config.reopen_transition : config.resolve_transition;
    if (isDone !== isFiring || transition === "") return { answer: `changed ${issue.key}` };
    const moved = await move(`${url}/transitions`, transition, attempt);
    if (!isFiring) return moved;
    // An issue that is opened again shows how it looks now; one that stays open keeps its first chart.
    const more = await details();
    return withChart(moved, more?.chart, (chart) => attach(url, chart, attempt));
  },
});

/** Adds a picture to an issue (developer.atlassian.com, add attachment); without the token of this header Jira refuses forms. */
async function attach(url: string, chart: ChartPicture, { ask }: Attempt): Promise<void> {
  await ask({
    url: `${url}/attachments`,
    headers: { ...headers, "X-Atlassian-Token": "no-check" },
    body: addChart(new FormData(), "file", chart),
  });
}

async function move(url: string, name: string, { ask }: Attempt): Promise<Sent> {
  const body = jsonOf(await ask({ method: "GET", url, headers }));
  const { transitions } = read(Transitions, body, "a list of transitions");
  const id = transitions.find((one) => one.name === name)?.id;
  if (id === undefined)
    throw new SendFailure(`Jira has no transition ${JSON.stringify(name)} for the issue`, {
      reason: "clientError",
      isRetried: false,
    });
  return sent(await ask({ url, headers, json: { transition: { id } } }));
}

function read<Shape>(shape: z.ZodType<Shape>, body: unknown, expected: string): Shape {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new SendFailure(`unexpected answer of Jira: expected ${expected}`, {
    reason: "other",
    isRetried: true,
  });
}
