import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { tlsOf } from "#shared/http/credentials.ts";
import { SendFailure } from "../failure.ts";
import { secretValue } from "../secret_value.ts";
import { answerOf, jsonOf, requireSuccess } from "./answer.ts";
import type { Sending } from "./sending.ts";
import type { HttpConfig, OAuth2 } from "./http_config.ts";
import { proxyOf } from "./proxy.ts";

type Token = { readonly authorization: string; readonly untilMs: number };

/** A token is renewed this long before it ends. */
const earlyMs = 10_000;
const tokensMax = 100;
const tokens = new Map<string, Token>();
const TokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().default(0),
});

/** Header `Authorization` by OAuth 2.0's client credentials (RFC 6749 section 4.4). A token is kept until it ends. Throws SendFailure. */
export async function oauthHeader(
  oauth: OAuth2,
  http: HttpConfig,
  sending: Sending,
): Promise<string> {
  const { client_secret: text, client_secret_file: file } = oauth;
  const secret = await secretValue(text, file, sending.secrets);
  const key = JSON.stringify([oauth, Bun.hash(secret).toString(36)]);
  const kept = tokens.get(key);
  if (kept !== undefined && kept.untilMs > sending.parts.now()) return kept.authorization;
  const token = await askForToken(oauth, secret, http, sending);
  const [oldest] = tokens.keys();
  if (tokens.size >= tokensMax && oldest !== undefined) tokens.delete(oldest);
  tokens.set(key, token);
  return token.authorization;
}

async function askForToken(
  oauth: OAuth2,
  secret: string,
  http: HttpConfig,
  { parts, signal }: Sending,
): Promise<Token> {
  const url = oauth.token_url;
  const credentials = [oauth.client_id, secret].map((part) => encodeURIComponent(part)).join(":");
  const proxy = proxyOf(url, http);
  try {
    const response = await parts.fetch(url, {
      method: "POST",
      headers: { Authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        ...(oauth.scopes.length === 0 ? {} : { scope: oauth.scopes.join(" ") }),
        ...oauth.endpoint_params,
      }),
      signal,
      ...(url.startsWith("https:") ? { tls: await tlsOf(oauth) } : {}),
      ...(proxy === undefined ? {} : { proxy }),
    });
    const answer = await answerOf(response);
    requireSuccess(answer, parts.now());
    const { access_token, expires_in } = TokenAnswer.parse(jsonOf(answer));
    const untilMs = parts.now() + expires_in * 1_000 - earlyMs;
    return { authorization: `Bearer ${access_token}`, untilMs };
  } catch (cause) {
    const details =
      cause instanceof SendFailure ? cause.details : { reason: "other" as const, isRetried: true };
    throw new SendFailure(`oauth2: no token: ${messageOf(cause)}`, details, { cause });
  }
}
