import { createContext, useContext, type RefObject } from "react";
import { assert } from "#shared/assert.ts";

/** The one scroll area of the page, which long lists measure themselves against. */
export const ScrollContext = createContext<RefObject<HTMLElement | null> | undefined>(undefined);

export function useScroller(): RefObject<HTMLElement | null> {
  const scroller = useContext(ScrollContext);
  assert(scroller !== undefined, "pages render inside the page shell");
  return scroller;
}
