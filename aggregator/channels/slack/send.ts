import { messageOf } from "#shared/errors.ts";
import type { ChartPicture } from "../details.ts";
import { type Answer, jsonOf } from "../http/answer.ts";
import { type Attempt, type Sent, httpChannel } from "../http_channel.ts";
import { isGiven } from "../key_checks.ts";
import { memberText, refusedBy } from "../service_error.ts";
import { slackMessage } from "./message.ts";
import { SlackConfig } from "./schema.ts";
import { uploadChart } from "./upload_chart.ts";

/** Messages in Slack, by an incoming webhook or by a bot. */
export const slack = httpChannel<SlackConfig>({
  name: "slack",
  title: "Slack",
  schema: SlackConfig,
  complete: (config, global) => {
    const isOwn = [
      config.api_url,
      config.api_url_file,
      config.app_token,
      config.app_token_file,
    ].some(isGiven);
    const filled = {
      ...config,
      app_url: config.app_url ?? global.slack_app_url,
      ...(isOwn
        ? {}
        : isGiven(global.slack_app_token) || isGiven(global.slack_app_token_file)
          ? { app_token: global.slack_app_token, app_token_file: global.slack_app_token_file }
          : { api_url: global.slack_api_url, api_url_file: global.slack_api_url_file }),
    };
    const isMissing = ![
      filled.api_url,
      filled.api_url_file,
      filled.app_token,
      filled.app_token_file,
    ].some(isGiven);
    return {
      config: filled,
      mistakes: isMissing
        ? ["no Slack API URL or app token: expected it here or in global, inline or in a file"]
        : [],
    };
  },
  send: async (config, attempt) => {
    const { url, headers } = await addressOf(config, attempt);
    const { kept } = attempt.notification;
    const { threadTs: ts = "", channelId = "" } = kept;
    const details = await attempt.details();
    const isBot = url.endsWith("/chat.postMessage");
    // A webhook takes no files: it gets the address of the chart.
    const shown = details && (isBot ? { ...details, chart: undefined } : details);
    const message = slackMessage(config, attempt.texts, shown);
    const isKnown = ts !== "" && channelId !== "";
    if (config.update_message && isKnown) {
      const update = url.replace(/chat\.postMessage$/, "chat.update");
      const json = { ...message, ts, channel: channelId };
      return readAnswer(await attempt.ask({ url: update, headers, json }), config, kept);
    }
    const thread = config.reply_in_thread && isKnown ? { thread_ts: ts } : {};
    const answer = await attempt.ask({ url, headers, json: { ...message, ...thread } });
    const sent = readAnswer(answer, config, isKnown ? kept : {});
    if (details?.chart === undefined || !isBot) return sent;
    const fault = await chartFault(details.chart, answer, { url, headers }, attempt);
    return fault === undefined ? sent : { ...sent, answer: `${fault}; ${sent.answer}` };
  },
});

/** Posts the chart below the message. The message is out: what fails here is said in its answer. */
async function chartFault(
  chart: ChartPicture,
  message: Answer,
  api: Awaited<ReturnType<typeof addressOf>>,
  attempt: Attempt,
): Promise<string | undefined> {
  const body = jsonOf(message);
  const place = { threadTs: memberText(body, "ts"), channelId: memberText(body, "channel") };
  try {
    await uploadChart(chart, place, api, attempt);
    return undefined;
  } catch (thrown) {
    return `without the chart (${messageOf(thrown)})`;
  }
}

async function addressOf(config: SlackConfig, { secret }: Attempt) {
  const { app_token: token, app_token_file: file } = config;
  if (!isGiven(token) && !isGiven(file))
    return { url: await secret(config.api_url, config.api_url_file), headers: {} };
  const headers = { Authorization: `Bearer ${await secret(token, file)}` };
  return { url: config.app_url ?? "", headers };
}

/** Errors after which another attempt can succeed. */
const passing = new Set([
  "ratelimited",
  "rate_limited",
  "internal_error",
  "fatal_error",
  "service_unavailable",
]);

/** A webhook answers `ok` as text; the API answers JSON, with errors under status 200. */
function readAnswer(
  answer: Answer,
  config: SlackConfig,
  kept: Readonly<Record<string, string>>,
): Sent {
  const shown = `${answer.status} ${answer.text}`;
  if (!answer.headers.get("content-type")?.startsWith("application/json")) {
    if (answer.text !== "ok") throw refusedBy("Slack", answer.text);
    return { answer: shown };
  }
  const body = jsonOf(answer);
  if (typeof body !== "object" || body === null || !("ok" in body))
    throw refusedBy("Slack", "expected JSON with ok", "other", true);
  if (body.ok !== true) {
    const error = memberText(body, "error");
    const isAuth = /^(?:invalid_auth|not_authed|token_\w+|account_inactive)$/.test(error);
    const reason = error.includes("rate") ? "rateLimited" : isAuth ? "authError" : "clientError";
    throw refusedBy("Slack", error, reason, passing.has(error));
  }
  const [threadTs, channelId] = [memberText(body, "ts"), memberText(body, "channel")];
  const isKept = config.update_message || config.reply_in_thread;
  if (!isKept || threadTs === "" || channelId === "") return { answer: shown };
  return { answer: shown, kept: Object.hasOwn(kept, "threadTs") ? kept : { threadTs, channelId } };
}
