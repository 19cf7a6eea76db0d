import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  redirect,
  retainSearchParams,
} from "@tanstack/react-router";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { FrameSearch, parseSearch, stringifySearch } from "./state/url.ts";
import { sortColumns } from "./views/hosts/host_rows.ts";
import { PageFrame } from "./widgets/page_frame.tsx";
import { Empty, Skeleton } from "./widgets/picture.tsx";

const text = z.string().optional().catch(undefined);
const HostsSearch = z.object({
  q: text,
  sort: z.enum(sortColumns).optional().catch(undefined),
  dir: z.enum(["up", "down"]).optional().catch(undefined),
});
const HostSearch = z.object({ log: text });
const DataSearch = z.object({ q: text });

/** All pages; each one's script is loaded when it is first opened. */
export function createAppRouter() {
  const root = createRootRoute({
    component: PageFrame,
    validateSearch: FrameSearch,
    search: { middlewares: [retainSearchParams(["from", "to", "refresh"])] },
    notFoundComponent: NotFound,
    errorComponent: PageError,
  });
  const routes = root.addChildren([
    createRoute({
      getParentRoute: () => root,
      path: "/",
      beforeLoad: () => {
        throw redirect({ to: "/hosts", search: true, replace: true });
      },
    }),
    createRoute({
      getParentRoute: () => root,
      path: "/hosts",
      validateSearch: HostsSearch,
      component: lazyRouteComponent(() => import("./views/hosts/hosts_view.tsx"), "HostsView"),
    }),
    createRoute({
      getParentRoute: () => root,
      path: "/hosts/$agent",
      validateSearch: HostSearch,
      component: lazyRouteComponent(() => import("./views/host/host_view.tsx"), "HostView"),
    }),
    createRoute({
      getParentRoute: () => root,
      path: "/data",
      validateSearch: DataSearch,
      component: lazyRouteComponent(() => import("./views/data/data_view.tsx"), "DataView"),
    }),
  ]);
  return createRouter({
    routeTree: routes,
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultPendingComponent: () => <Skeleton rows={8} height={32} />,
  });
}

function NotFound() {
  return (
    <section className="page">
      <Empty title="There is no page at this address">
        <Link to="/hosts">All hosts</Link>
      </Empty>
    </section>
  );
}

function PageError({ error }: { readonly error: unknown }) {
  return (
    <section className="page">
      <div className="failed" role="alert">
        <div>
          <strong>This page failed: {messageOf(error)}.</strong>
          <p>
            Reload to try again. After an upgrade of the aggregator, reloading fetches the new
            version.
          </p>
          <button type="button" className="button" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </div>
    </section>
  );
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
