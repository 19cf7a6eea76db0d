import { homedir } from "node:os";
import { join } from "node:path";
import { SendFailure } from "../failure.ts";
import type { AwsKeys } from "./signature.ts";
import type { SnsConfig } from "./schema.ts";

/** Keys of the configuration, of its profile, or of the environment. Throws SendFailure where there are none. */
export async function awsKeys(
  { access_key, secret_key, profile }: SnsConfig["sigv4"],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<AwsKeys> {
  if (access_key !== "") return { accessKey: access_key, secretKey: secret_key, sessionToken: "" };
  const {
    AWS_ACCESS_KEY_ID: accessKey = "",
    AWS_SECRET_ACCESS_KEY: secretKey = "",
    AWS_SESSION_TOKEN: sessionToken = "",
  } = environment;
  if (profile === "" && accessKey !== "") return { accessKey, secretKey, sessionToken };
  const path = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? join(homedir(), ".aws", "credentials");
  const file = Bun.file(path);
  const keys = (await file.exists())
    ? profileOf(await file.text(), profile === "" ? "default" : profile)
    : undefined;
  if (keys !== undefined) return keys;
  throw new SendFailure("no AWS keys: expected sigv4.access_key, a profile or the environment's", {
    reason: "authError",
    isRetried: false,
  });
}

function profileOf(text: string, name: string): AwsKeys | undefined {
  const values = new Map<string, string>();
  let isInside = false;
  for (const line of text.split("\n")) {
    const section = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (section !== undefined) isInside = section.trim() === name;
    const [key = "", value = ""] = line.split("=", 2).map((part) => part.trim());
    if (isInside && value !== "") values.set(key, value);
  }
  const [accessKey, secretKey] = [
    values.get("aws_access_key_id"),
    values.get("aws_secret_access_key"),
  ];
  if (accessKey === undefined || secretKey === undefined) return undefined;
  return { accessKey, secretKey, sessionToken: values.get("aws_session_token") ?? "" };
}
