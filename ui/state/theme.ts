import { useSyncExternalStore } from "react";
import { readItem, writeItem } from "./stored.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const storageKey = "lapwing.theme";
const changeEvent = "lapwing:theme";

/** What the person chose; the document's `data-theme` is the one place that holds it. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme);
}

/** One list for all who ask: each look at a new one would ask the page for its style. Outside of a browser there is none. */
const system =
  typeof matchMedia === "undefined" ? undefined : matchMedia("(prefers-color-scheme: dark)");

function subscribe(onChange: () => void): () => void {
  addEventListener(changeEvent, onChange);
  system?.addEventListener("change", onChange);
  return () => {
    removeEventListener(changeEvent, onChange);
    system?.removeEventListener("change", onChange);
  };
}

function currentTheme(): Theme {
  return themeOf(document.documentElement.dataset["theme"]);
}

/** Whether the page is dark now: the choice, or the system's where none is made. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () => {
    const theme = currentTheme();
    return theme === "system" ? system?.matches === true : theme === "dark";
  });
}

/** Applies the remembered choice; before the first render, so that nothing flashes. */
export function restoreTheme(): void {
  apply(themeOf(readItem(storageKey)));
}

export function chooseTheme(theme: Theme): void {
  writeItem(storageKey, theme);
  apply(theme);
  dispatchEvent(new Event(changeEvent));
}

function apply(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}

function themeOf(text: string | undefined): Theme {
  return themes.find((theme) => theme === text) ?? "system";
}
