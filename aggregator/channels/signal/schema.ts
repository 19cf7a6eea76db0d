import { z } from "zod";
import { chartShape, httpShape, templated } from "../schema_parts.ts";

/** An element of `signal_configs`: a server of signal-cli-rest-api. */
export const SignalConfig = z.strictObject({
  ...httpShape(true),
  ...chartShape(true),
  /** Such as http://localhost:8080. */
  url: z.url(),
  /** The number that sends. */
  number: templated().refine((number) => number !== "", "missing number"),
  /** Numbers and groups. */
  recipients: z.array(templated()).min(1).max(100),
  message: templated(
    '{{ template "lapwing.default.title" . }}\n{{ template "lapwing.default.text" . }}',
  ),
});
export type SignalConfig = z.output<typeof SignalConfig>;
