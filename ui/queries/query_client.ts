import { QueryClient } from "@tanstack/react-query";

/** A failed picture tries again by itself this often, also where refreshing is off. */
const recoverMs = 3_000;

/** The cache behind all pages. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The next refresh is the retry; a picture must not stay "loading" through hidden retries.
        retry: false,
        // The aggregator may well run on this machine: what the browser calls "offline" says nothing of it.
        networkMode: "always",
        staleTime: 1_000,
      },
    },
  });
}

type Retrying = { readonly state: { readonly status: string } };

/** The refetchInterval of a query: as the page says, and quickly while the last try failed. */
export function intervalOf(everyMs: number): (query: Retrying) => number | false {
  return (query) => {
    if (query.state.status === "error")
      return everyMs > 0 ? Math.min(everyMs, recoverMs) : recoverMs;
    return everyMs > 0 ? everyMs : false;
  };
}
