import { OperatingError, messageOf } from "../errors.ts";
import type { HttpClientConfig } from "./client_config.ts";

/** The header `Authorization` of a configuration, its files read anew; undefined where there is none. Throws OperatingError("unavailable"). */
export async function authorizationOf(
  client: Pick<
    HttpClientConfig,
    "basic_auth" | "authorization" | "bearer_token" | "bearer_token_file"
  >,
): Promise<string | undefined> {
  const basic = client.basic_auth;
  if (basic !== undefined) {
    const username = await secret(basic.username, basic.username_file);
    const password = await secret(basic.password, basic.password_file);
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }
  const { authorization, bearer_token: token, bearer_token_file: file } = client;
  if (authorization !== undefined) {
    const credentials = await secret(authorization.credentials, authorization.credentials_file);
    return `${authorization.type} ${credentials}`;
  }
  return token === undefined && file === undefined
    ? undefined
    : `Bearer ${await secret(token, file)}`;
}

async function secret(text: string | undefined, file: string | undefined): Promise<string> {
  return file === undefined ? (text ?? "") : (await readFile(file)).trim();
}

/** Settings of TLS for fetch(), their files read anew. Throws OperatingError("unavailable"). */
export async function tlsOf({ tls_config: config }: Pick<HttpClientConfig, "tls_config">) {
  const [ca, cert, key] = await Promise.all([
    pemOf(config.ca, config.ca_file),
    pemOf(config.cert, config.cert_file),
    pemOf(config.key, config.key_file),
  ]);
  return {
    rejectUnauthorized: !config.insecure_skip_verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(config.server_name === undefined ? {} : { serverName: config.server_name }),
  };
}

/** PEM text that is given, or in a file. Throws OperatingError("unavailable"). */
export async function pemOf(
  text: string | undefined,
  file: string | undefined,
): Promise<string | undefined> {
  return text ?? (file === undefined ? undefined : await readFile(file));
}

/** A file of credentials or certificates. Throws OperatingError("unavailable"). */
export async function readFile(path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (cause) {
    throw new OperatingError("unavailable", `can't read ${path}: ${messageOf(cause)}`, { cause });
  }
}
