import type { FailureReason, SendOutcome } from "./outcome.ts";
import { messageOf } from "#shared/errors.ts";
import { shownSecret, withoutSecretsIn } from "#shared/text/secrets.ts";

type FailureDetails = {
  readonly reason: FailureReason;
  readonly isRetried: boolean;
  readonly retryAfterMs?: number;
};

/** Ends an attempt to send: becomes its outcome. */
export class SendFailure extends Error {
  readonly details: FailureDetails;

  constructor(message: string, details: FailureDetails, options?: ErrorOptions) {
    super(message, options);
    this.details = details;
  }
}

/** What a failed attempt says at most, in characters. */
const errorLengthMax = 1_000;
/** What the history keeps of an answer, in characters. */
const answerLengthMax = 200;
/** Shorter texts occur by chance. */
const secretLengthMin = 4;

/** Values that must not appear in errors and answers. */
export type SecretValues = Set<string>;

/** Runs one attempt. Whatever it throws becomes a failed outcome without secrets. */
export async function attempt(
  send: (
    secrets: SecretValues,
  ) => Promise<{ answer: string; kept?: Readonly<Record<string, string>> }>,
): Promise<SendOutcome> {
  const secrets: SecretValues = new Set();
  try {
    const { answer, kept } = await send(secrets);
    const shown = withoutValues(answer, secrets).slice(0, answerLengthMax);
    return { kind: "sent", answer: shown, ...(kept === undefined ? {} : { kept }) };
  } catch (thrown) {
    const error = withoutValues(messageOf(thrown), secrets).slice(0, errorLengthMax);
    const details: FailureDetails =
      thrown instanceof SendFailure ? thrown.details : { reason: "other", isRetried: true };
    return { kind: "failed", error, ...details };
  }
}

function withoutValues(text: string, secrets: SecretValues): string {
  let shown = text;
  for (const value of [...secrets].toSorted((a, b) => b.length - a.length))
    if (value.length >= secretLengthMin) shown = shown.replaceAll(value, shownSecret);
  return withoutSecretsIn(shown);
}
