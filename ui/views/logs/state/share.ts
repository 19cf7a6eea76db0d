import type { LogRow } from "../../../client/logs.ts";
import { stringifySearch } from "../../../state/url.ts";
import { lineKey } from "./line_key.ts";
import type { Language, LogsState } from "./logs_search.ts";

/** Around a line that is shared alone: enough to see what came before and after. */
const aroundMs = 300_000;

/** As the address has it; words are its default. */
const langs: Readonly<Record<Language, { readonly lang?: Language }>> = {
  words: {},
  logql: { lang: "logql" },
};

/** An address that opens the page at this line, whenever it is opened: its times do not move. */
export function shareAddress(row: LogRow, { language, text }: LogsState): string {
  const now = new URLSearchParams(location.search);
  const search: Record<string, string> = Object.fromEntries(now);
  for (const name of ["from", "to", "refresh", "live"]) delete search[name];
  return `${location.origin}/logs${stringifySearch({
    ...search,
    ...(text === "" ? {} : { q: text }),
    ...langs[language],
    from: String(Math.floor(row.timeMs - aroundMs)),
    to: String(Math.ceil(row.timeMs + aroundMs)),
    line: lineKey(row),
  })}`;
}
