import { isGiven } from "./key_checks.ts";

type Secret = { readonly text: string | undefined; readonly file: string | undefined };

/** A receiver's own secret, or that of `global`. `what` names it where both are missing. */
export function ownOrGlobal(
  own: Secret,
  global: Secret,
  what: string,
): Secret & { readonly mistakes: readonly string[] } {
  const chosen = isGiven(own.text) || isGiven(own.file) ? own : global;
  const isMissing = !isGiven(chosen.text) && !isGiven(chosen.file);
  return {
    ...chosen,
    mistakes: isMissing ? [`no ${what}: expected it here or in global, inline or in a file`] : [],
  };
}
