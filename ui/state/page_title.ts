import { createContext, useContext, useEffect } from "react";

/** A step on the way to the page: a folder, a parent. */
export type Crumb = { readonly name: string; readonly href: string };

export type PageTitle = { readonly title: string; readonly crumbs: readonly Crumb[] };

/** How pages tell the shell what they show. */
export const PageTitleContext = createContext<((title: PageTitle | undefined) => void) | undefined>(
  undefined,
);

/**
 * Sets the page's heading and the window's title to what is shown ("web-1"), for pages whose name in pages.tsx says only the
 * kind. `crumbs` stand between the place and the heading.
 */
export function usePageTitle(title: string | undefined, crumbs: readonly Crumb[] = []): void {
  const set = useContext(PageTitleContext);
  const key = JSON.stringify([title, crumbs]);
  useEffect(() => {
    if (title === undefined) return;
    set?.({ title, crumbs });
    return () => set?.(undefined);
    // `key` stands for the title and the crumbs, whose array is a new one with every render.
  }, [set, key]);
}
