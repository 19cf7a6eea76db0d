import { SendFailure } from "../failure.ts";
import { ownOrGlobal } from "../global_secret.ts";
import { jsonOf } from "../http/answer.ts";
import { type Attempt, httpChannel, sent } from "../http_channel.ts";
import { memberText, refusedBy } from "../service_error.ts";
import { wechatMessage } from "./message.ts";
import { WechatConfig } from "./schema.ts";

/** WeCom's tokens last two hours. */
const tokenLifeMs = 2 * 3_600_000;
const tokensMax = 100;
const tokens = new Map<string, { readonly text: string; readonly untilMs: number }>();

/** Messages in WeChat for companies (WeCom). */
export const wechat = httpChannel<WechatConfig>({
  name: "wechat",
  title: "WeChat (WeCom)",
  schema: WechatConfig,
  complete: (config, global) => {
    const { text, file, mistakes } = ownOrGlobal(
      { text: config.api_secret, file: config.api_secret_file },
      { text: global.wechat_api_secret, file: global.wechat_api_secret_file },
      "WeChat API secret",
    );
    const corp_id = config.corp_id === "" ? (global.wechat_api_corp_id ?? "") : config.corp_id;
    const api_url = config.api_url ?? global.wechat_api_url;
    return {
      config: { ...config, api_url, corp_id, api_secret: text, api_secret_file: file },
      mistakes:
        corp_id === ""
          ? [...mistakes, "no WeChat corp_id: expected it here or in global"]
          : mistakes,
    };
  },
  send: async (config, attempt) => {
    const base = (config.api_url ?? "").replace(/\/?$/, "/");
    const { key, token } = await tokenOf(config, base, attempt);
    const url = `${base}message/send?access_token=${encodeURIComponent(token)}`;
    const answer = await attempt.ask({ url, json: wechatMessage(config, attempt.texts) });
    const body = jsonOf(answer);
    const code = memberText(body, "errcode");
    if (code === "0") return sent(answer);
    // 40014 and 42001: the token is invalid or over, and another one is asked for.
    const isOver = code === "42001" || code === "40014";
    if (isOver) tokens.delete(key);
    const isLimited = code === "45009";
    throw refusedBy(
      "WeChat",
      `${code} ${memberText(body, "errmsg")}`,
      isOver ? "authError" : isLimited ? "rateLimited" : "clientError",
      isOver || isLimited || code === "-1",
    );
  },
});

async function tokenOf(config: WechatConfig, base: string, attempt: Attempt) {
  const { texts, secret, secrets, parts, ask } = attempt;
  const corpSecret = texts.text(await secret(config.api_secret, config.api_secret_file));
  const corpId = texts.text(config.corp_id);
  const key = JSON.stringify([base, corpId, Bun.hash(corpSecret).toString(36)]);
  const kept = tokens.get(key);
  if (kept !== undefined && kept.untilMs > parts.now()) return { key, token: kept.text };
  const query = new URLSearchParams({ corpsecret: corpSecret, corpid: corpId });
  const body = jsonOf(await ask({ method: "GET", url: `${base}gettoken?${query.toString()}` }));
  const token = memberText(body, "access_token");
  if (token === "")
    throw new SendFailure(`no token from WeChat: ${memberText(body, "errmsg")}`, {
      reason: "authError",
      isRetried: false,
    });
  secrets.add(token);
  const [oldest] = tokens.keys();
  if (tokens.size >= tokensMax && oldest !== undefined) tokens.delete(oldest);
  tokens.set(key, { text: token, untilMs: parts.now() + tokenLifeMs - 60_000 });
  return { key, token };
}
