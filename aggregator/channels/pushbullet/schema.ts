import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `pushbullet_configs`: devices, people and channels of Pushbullet. */
export const PushbulletConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(true),
    access_token: secret().optional(),
    access_token_file: z.string().optional(),
    api_url: z.url().default("https://api.pushbullet.com/v2/pushes"),
    /** All devices of the account, where neither of these is given. */
    device_iden: templated(),
    email: templated(),
    channel_tag: templated(),
    title: templated('{{ template "lapwing.default.title" . }}'),
    message: templated('{{ template "lapwing.default.text" . }}'),
    url: templated('{{ template "lapwing.default.url" . }}'),
  })
  .superRefine(exactlyOne("access_token", "access_token_file"));
export type PushbulletConfig = z.output<typeof PushbulletConfig>;
