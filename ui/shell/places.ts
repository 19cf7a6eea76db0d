import { useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import type { IconName } from "../elements/icon.tsx";

/** A page that stands in the rail, the palette and the keys: "g", then its letter. */
type Place = { readonly icon: IconName; readonly key: string };

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** In the breadcrumb and the window's title, until the page says more through usePageTitle(). */
    readonly name?: string;
    readonly place?: Place;
    /** False where nothing depends on time: the shell then shows no time picker. */
    readonly hasTime?: boolean;
  }
}

export type NamedPlace = Place & { readonly path: string; readonly name: string };

/** The pages with a place, in the order of pages.tsx. */
export function usePlaces(): readonly NamedPlace[] {
  const router = useRouter();
  return useMemo(() => {
    const routes = Object.values(router.routeTree.children ?? {});
    return routes.flatMap(({ fullPath, options }): NamedPlace[] => {
      const { name, place } = options.staticData ?? {};
      return name === undefined || place === undefined ? [] : [{ ...place, path: fullPath, name }];
    });
  }, [router]);
}
