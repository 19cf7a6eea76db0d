/** Directives that default-src does not cover; a page that sets one of them itself keeps it. */
const pageDirectives = { "base-uri": "'none'", "form-action": "'self'" } as const;
const dataPolicy =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Puts what protects browsers on an answer: its type is not guessed, other origins neither embed nor frame it, and no page of ours is made
 * to load or send what it did not ask for. `frameAncestors` lists the origins that may frame pages.
 */
export function secureHeaders(
  headers: Headers,
  { frameAncestors, isShared }: { frameAncestors: readonly string[]; isShared: boolean },
): void {
  headers.set("x-content-type-options", "nosniff");
  if (!isShared) setDefault(headers, "cross-origin-resource-policy", "same-origin");
  setDefault(headers, "referrer-policy", "same-origin");
  const policy = headers.get("content-security-policy");
  headers.set(
    "content-security-policy",
    policy === null ? dataPolicy : completed(policy, frameAncestors),
  );
}

function completed(policy: string, frameAncestors: readonly string[]): string {
  const set = new Set(policy.split(";").map((directive) => directive.trim().split(" ", 1)[0]));
  const more = {
    ...pageDirectives,
    "frame-ancestors": ["'self'", ...frameAncestors].join(" "),
  };
  const missing = Object.entries(more).filter(([name]) => !set.has(name));
  return [policy, ...missing.map((directive) => directive.join(" "))].join("; ");
}

function setDefault(headers: Headers, name: string, value: string): void {
  if (!headers.has(name)) headers.set(name, value);
}
