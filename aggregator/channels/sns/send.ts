import { SendFailure } from "../failure.ts";
import { type Attempt, httpChannel, sent } from "../http_channel.ts";
import { awsKeys } from "./keys.ts";
import { snsForm } from "./message.ts";
import { SnsConfig } from "./schema.ts";
import { type AwsKeys, awsHeaders } from "./signature.ts";

/** Messages by Amazon SNS: to topics, phones and applications. */
export const sns = httpChannel<SnsConfig>({
  name: "sns",
  title: "Amazon SNS",
  schema: SnsConfig,
  send: async (config, attempt) => {
    const { notification, texts, parts, ask, secrets } = attempt;
    const region = config.sigv4.region || process.env["AWS_REGION"] || "";
    if (region === "")
      throw new SendFailure("no AWS region: expected sigv4.region or AWS_REGION", {
        reason: "clientError",
        isRetried: false,
      });
    const own = await awsKeys(config.sigv4);
    secrets.add(own.secretKey);
    const keys =
      config.sigv4.role_arn === "" ? own : await assumedRole(config, region, own, attempt);
    const url = texts.text(config.api_url) || `https://sns.${region}.amazonaws.com/`;
    if (!URL.canParse(url))
      throw new SendFailure("invalid api_url: expected a URL", {
        reason: "clientError",
        isRetried: false,
      });
    const body = new URLSearchParams(snsForm(config, notification, texts)).toString();
    const headers = awsHeaders(url, body, { region, service: "sns", nowMs: parts.now() }, keys);
    return sent(await ask({ url, headers, body }));
  },
});

/** Keys of a role, by the action AssumeRole of STS. */
async function assumedRole(
  { sigv4 }: SnsConfig,
  region: string,
  keys: AwsKeys,
  { ask, parts, secrets }: Attempt,
): Promise<AwsKeys> {
  const url = process.env["AWS_ENDPOINT_URL_STS"] ?? `https://sts.${region}.amazonaws.com/`;
  const body = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: sigv4.role_arn,
    RoleSessionName: "lapwing",
    ...(sigv4.external_id === "" ? {} : { ExternalId: sigv4.external_id }),
  }).toString();
  const headers = awsHeaders(url, body, { region, service: "sts", nowMs: parts.now() }, keys);
  const { text } = await ask({ url, headers, body });
  const part = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? "";
  const made = {
    accessKey: part("AccessKeyId"),
    secretKey: part("SecretAccessKey"),
    sessionToken: part("SessionToken"),
  };
  secrets.add(made.secretKey).add(made.sessionToken);
  return made;
}
