import { readFile } from "#shared/http/credentials.ts";
import { OperatingError } from "#shared/errors.ts";
import { hostPort, resolveAgain } from "../net/resolve.ts";
import type { ProbeContext } from "../prober.ts";
import { readBody } from "./body.ts";
import type { OAuth2 } from "./config.ts";
import { exchange, newTrace } from "./exchange.ts";

type Token = { readonly authorization: string; readonly untilMs: number };

/** Asked for anew this long before a token ends. */
const earlyMs = 10_000;
const answerBytesMax = 1024 * 1024;
const tokensMax = 100;
const tokens = new Map<string, Token>();
const ipChoice = { preferred_ip_protocol: "ip6", ip_protocol_fallback: true } as const;

/** Header `Authorization` by OAuth 2.0's client credentials (RFC 6749 section 4.4); a token is kept until it ends. Throws OperatingError. */
export async function oauthHeader(oauth: OAuth2, context: ProbeContext): Promise<string> {
  const file = oauth.client_secret_file;
  const secret = file === undefined ? (oauth.client_secret ?? "") : (await readFile(file)).trim();
  const key = JSON.stringify([oauth, Bun.hash(secret).toString(36)]);
  const kept = tokens.get(key);
  if (kept !== undefined && kept.untilMs > context.clock.now()) return kept.authorization;
  const token = await askForToken(oauth, secret, context);
  const [oldest] = tokens.keys();
  if (tokens.size >= tokensMax && oldest !== undefined) tokens.delete(oldest);
  tokens.set(key, token);
  return token.authorization;
}

async function askForToken(oauth: OAuth2, secret: string, context: ProbeContext): Promise<Token> {
  const url = new URL(oauth.token_url);
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    ...(oauth.scopes.length === 0 ? {} : { scope: oauth.scopes.join(" ") }),
    ...oauth.endpoint_params,
  });
  const basic = [oauth.client_id, secret].map((part) => encodeURIComponent(part)).join(":");
  const { answer } = await exchange(
    {
      method: "POST",
      url,
      host: url.port === "" ? url.hostname : hostPort(url.hostname, url.port),
      headers: new Map([
        ["Content-Type", "application/x-www-form-urlencoded"],
        ["Accept", "application/json"],
        ["Authorization", `Basic ${Buffer.from(basic).toString("base64")}`],
      ]),
      body: Buffer.from(form.toString()),
    },
    {
      address: await resolveAgain(url.hostname, ipChoice, context),
      serverName: url.hostname,
      proxy: undefined,
    },
    { enable_http2: false, proxy_connect_header: {}, tls_config: oauth.tls_config },
    newTrace(url.protocol === "https:"),
    context,
  );
  const { kept, error } = await readBody(answer.body(), answerBytesMax, true, context.deadline);
  answer.close();
  if (error !== undefined || answer.status !== 200)
    throw new OperatingError(
      "unavailable",
      `oauth2: the token's answer is ${error ?? answer.status}`,
    );
  const token = fieldsOf(kept.toString("utf8"));
  if (token === undefined) throw new OperatingError("corrupt", "oauth2: an answer without a token");
  const lifeMs = token.seconds * 1_000 - earlyMs;
  return { authorization: `Bearer ${token.text}`, untilMs: context.clock.now() + lifeMs };
}

function fieldsOf(body: string): { text: string; seconds: number } | undefined {
  try {
    const found: unknown = JSON.parse(body);
    if (typeof found !== "object" || found === null || !("access_token" in found)) return undefined;
    const seconds = "expires_in" in found ? Number(found.expires_in) : 0;
    return { text: String(found.access_token), seconds: Number.isFinite(seconds) ? seconds : 0 };
  } catch {
    return undefined;
  }
}
