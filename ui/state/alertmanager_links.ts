import { stringifySearch } from "./url.ts";

/**
 * The page for a link into Alertmanager's own interface, such as `#/silences/new?filter={alertname="Down"}`, which people's
 * templates write below the external URL; undefined for other fragments. Its routes: ui/app/src/Parsing.elm of Alertmanager.
 */
export function alertmanagerPage(hash: string): string | undefined {
  const found = /^#\/(alerts|silences|status)(?:\/([^?]*))?(?:\?(.*))?$/.exec(hash);
  if (found === null) return undefined;
  const [, place = "", rest = "", query = ""] = found;
  const params = new URLSearchParams(query);
  const filter = (params.get("filter") ?? "").trim().replace(/^\{(.*)\}$/s, "$1");
  switch (place) {
    case "alerts":
      return pageOf({ q: filter, receiver: params.get("receiver") ?? "" });
    case "silences":
      return rest === "new"
        ? pageOf({ tab: "silences", open: "new", matchers: filter })
        : pageOf({ tab: "silences", open: rest.replace(/\/edit$/, "") });
    default:
      return pageOf({ tab: "receivers" });
  }
}

function pageOf(search: Readonly<Record<string, string>>): string {
  return `/alerts${stringifySearch(search)}`;
}
