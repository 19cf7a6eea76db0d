import { lazy, type ComponentType } from "react";
import type { PanelKind, PanelProps } from "./panel_kind.ts";

type Body = ComponentType<PanelProps<unknown>>;
const bodies = new WeakMap<PanelKind, Body>();

/** What draws a panel of the kind. Until its script is loaded, one that waits for it; afterwards itself, which waits for nothing. */
export function componentOf(kind: PanelKind): Body {
  const found = bodies.get(kind);
  if (found !== undefined) return found;
  const whenLoaded = load(kind);
  // A failure is told by what waits for it, and nothing may.
  whenLoaded.catch(() => {});
  const waiting = lazy(async () => ({ default: await whenLoaded }));
  bodies.set(kind, waiting);
  return waiting;
}

/** Loads the script of a kind, so that it is there when the first answer is. */
export function preloadKind(kind: PanelKind): void {
  componentOf(kind);
}

async function load(kind: PanelKind): Promise<Body> {
  try {
    const component = await kind.load();
    bodies.set(kind, component);
    return component;
  } catch (error) {
    // The panel that waits says why. The next one tries again.
    bodies.delete(kind);
    throw error;
  }
}
