import { z } from "zod";
import { secret } from "#shared/http/secret.ts";
import { exactlyOne } from "../key_checks.ts";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `matrix_configs`: a room of Matrix. */
export const MatrixConfig = z
  .strictObject({
    ...httpShape(true),
    ...chartShape(true),
    homeserver_url: z.url(),
    /** Such as `!abc:example.org`. */
    room_id: templated().refine((id) => id !== "", "missing room_id"),
    access_token: secret().optional(),
    access_token_file: z.string().optional(),
    message_type: z.enum(["m.text", "m.notice"]).default("m.notice"),
    title: templated('{{ template "lapwing.default.title" . }}'),
    text: templated('{{ template "lapwing.default.text" . }}'),
    /** HTML of the message: text from alerts is escaped. */
    html: templated(
      '<b>{{ template "lapwing.default.title" . }}</b><br><pre>{{ template "lapwing.default.text" . }}</pre>',
    ),
  })
  .superRefine(exactlyOne("access_token", "access_token_file"));
export type MatrixConfig = z.output<typeof MatrixConfig>;
