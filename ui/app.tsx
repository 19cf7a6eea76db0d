import { createRouter } from "@tanstack/react-router";
import { pages, type PagesContext } from "./pages.tsx";
import { parseSearch, stringifySearch } from "./state/url.ts";
import { Skeleton } from "./widgets/picture.tsx";

/** The router over all pages. */
export function createAppRouter(context: PagesContext) {
  return createRouter({
    routeTree: pages,
    context,
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultPendingComponent: () => (
      <section className="page">
        <Skeleton rows={8} height={32} />
      </section>
    ),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
