import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { atMostOne } from "../key_checks.ts";
import { httpShape, templated } from "../schema_parts.ts";

/** An element of `wechat_configs`: WeCom, of Tencent. */
export const WechatConfig = z
  .strictObject({
    ...httpShape(false),
    api_secret: secret().optional(),
    api_secret_file: z.string().optional(),
    corp_id: templated(),
    api_url: z.url().optional(),
    agent_id: templated('{{ template "wechat.default.agent_id" . }}'),
    to_user: templated('{{ template "wechat.default.to_user" . }}'),
    to_party: templated('{{ template "wechat.default.to_party" . }}'),
    to_tag: templated('{{ template "wechat.default.to_tag" . }}'),
    message: templated('{{ template "wechat.default.message" . }}'),
    message_type: z.enum(["text", "markdown"]).default("text"),
  })
  .superRefine(atMostOne("api_secret", "api_secret_file"));
export type WechatConfig = z.output<typeof WechatConfig>;
