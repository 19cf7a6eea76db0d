import { anchoredRegex, searchingRegex, type LinearRegex } from "#shared/text/linear_regex.ts";

/**
 * A person's regular expression as Grafana takes it: "/…/i" is found anywhere, other text is the whole value. It runs in linear
 * time, without look-ahead and back-references. Throws OperatingError("bad_request").
 */
export function userRegex(pattern: string): LinearRegex {
  const slashed = /^\/(.*)\/([a-z]*)$/s.exec(pattern);
  if (slashed === null) return anchoredRegex(pattern);
  const flags = [...new Set(slashed[2])].filter((flag) => "ims".includes(flag)).join("");
  const body = slashed[1] ?? "";
  return searchingRegex(flags === "" ? body : `(?${flags})${body}`);
}

/** Texts that a pattern of "/…/" or of the whole name lets through; a broken pattern lets none. */
export function matching(pattern: string): (text: string) => boolean {
  try {
    const regex = userRegex(pattern);
    return (text) => regex.test(text);
  } catch {
    return () => false;
  }
}
