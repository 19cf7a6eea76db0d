import { messageOf } from "#shared/errors.ts";
import { readFile } from "#shared/http/credentials.ts";
import { type SecretValues, SendFailure } from "./failure.ts";

/** A secret from the configuration or its file, which is read at each send. Throws SendFailure. */
export async function secretValue(
  text: string | undefined,
  file: string | undefined,
  secrets: SecretValues,
): Promise<string> {
  let value = text ?? "";
  if (value === "" && file !== undefined) {
    try {
      value = (await readFile(file)).trim();
    } catch (cause) {
      throw new SendFailure(messageOf(cause), { reason: "other", isRetried: true }, { cause });
    }
    if (value === "")
      throw new SendFailure(`the file ${file} is empty: expected a secret`, {
        reason: "other",
        isRetried: true,
      });
  }
  secrets.add(value);
  return value;
}
