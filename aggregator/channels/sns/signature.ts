import { createHash, createHmac } from "node:crypto";

export type AwsKeys = {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of keys that end. */
  readonly sessionToken: string;
};

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) =>
  createHmac("sha256", key).update(text).digest();

/** Headers that sign a POST by AWS's Signature Version 4 (docs.aws.amazon.com). */
export function awsHeaders(
  url: string,
  body: string,
  { region, service, nowMs }: { region: string; service: string; nowMs: number },
  { accessKey, secretKey, sessionToken }: AwsKeys,
): Record<string, string> {
  const { host, pathname } = new URL(url);
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const signed: Record<string, string> = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    host,
    "x-amz-date": time,
    ...(sessionToken === "" ? {} : { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(signed).toSorted();
  const request = [
    "POST",
    pathname,
    "",
    ...names.map((name) => `${name}:${signed[name] ?? ""}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(request)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (from, part) => hmac(from, part),
    `AWS4${secretKey}`,
  );
  const signature = hmac(key, toSign).toString("hex");
  const { host: _host, ...headers } = signed;
  return {
    ...headers,
    Authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}
