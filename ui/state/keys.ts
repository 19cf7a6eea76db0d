import { createContext, useContext, useEffect, useRef } from "react";
import { assert } from "#shared/assert.ts";

/** What keys do: one after the other ("g h"), with a modifier ("mod+k": Ctrl, or ⌘ on a Mac), or a single one ("?"). */
export type KeyBinding = {
  readonly keys: string;
  /** A verb and its object, for the list under "?". */
  readonly words: string;
  readonly run: () => void;
};

type Group = { readonly title: string; readonly bindings: () => readonly KeyBinding[] };

export type KeyRegistry = {
  /** Keys of one title together; the function takes them out again. Later groups win over earlier ones, pages over the shell. */
  add(group: Group, ofFrame: boolean): () => void;
  /** All that hold now, those of the page first. */
  groups(): readonly { readonly title: string; readonly bindings: readonly KeyBinding[] }[];
  /** Handles a key press; whether it did something or may begin something. */
  press(key: string, nowMs: number): boolean;
};

export const KeysContext = createContext<KeyRegistry | undefined>(undefined);

/** The second key of two must follow within this time. */
const pauseMaxMs = 1_500;

/** The keys of one window. */
export function createKeyRegistry(): KeyRegistry {
  let entries: readonly { readonly group: Group; readonly ofFrame: boolean }[] = [];
  let begun: { readonly key: string; readonly atMs: number } | undefined;
  const ordered = (): readonly Group[] =>
    [
      ...entries.filter(({ ofFrame }) => !ofFrame).toReversed(),
      ...entries.filter(({ ofFrame }) => ofFrame),
    ].map(({ group }) => group);
  const all = (): readonly KeyBinding[] => ordered().flatMap(({ bindings }) => bindings());
  return {
    add(group, ofFrame) {
      const entry = { group, ofFrame };
      entries = [...entries, entry];
      return () => {
        entries = entries.filter((each) => each !== entry);
      };
    },
    groups: () => held(ordered()),
    press(key, nowMs) {
      const first = begun !== undefined && nowMs - begun.atMs <= pauseMaxMs ? begun.key : undefined;
      begun = undefined;
      const bindings = all();
      const wanted = first === undefined ? key : `${first} ${key}`;
      const found = bindings.find(({ keys }) => keys === wanted);
      if (found !== undefined) {
        found.run();
        return true;
      }
      const begins = bindings.some(({ keys }) => keys.startsWith(`${key} `));
      if (begins) begun = { key, atMs: nowMs };
      return begins;
    },
  };
}

/** Groups without the keys that one before them took. */
function held(groups: readonly Group[]): ReturnType<KeyRegistry["groups"]> {
  const taken = new Set<string>();
  return groups.flatMap(({ title, bindings }) => {
    const own = bindings().filter(({ keys }) => !taken.has(keys));
    for (const { keys } of own) taken.add(keys);
    return own.length === 0 ? [] : [{ title, bindings: own }];
  });
}

/** Gives a page (or the shell) keys while it is shown. The list under "?" shows them below `title`. */
export function useKeys(title: string, bindings: readonly KeyBinding[], ofFrame = false): void {
  const registry = useKeyRegistry();
  const latest = useRef(bindings);
  latest.current = bindings;
  useEffect(
    () => registry.add({ title, bindings: () => latest.current }, ofFrame),
    [registry, title, ofFrame],
  );
}

export function useKeyRegistry(): KeyRegistry {
  const registry = useContext(KeysContext);
  assert(registry !== undefined, "pages render inside the page shell");
  return registry;
}

type Pressed = {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
};

/** The name of a pressed key as bindings write it, or undefined for one that means nothing here. */
export function keyName({ key, ctrlKey, metaKey, altKey }: Pressed): string | undefined {
  if (altKey || key === "Shift" || key === "Control" || key === "Meta") return undefined;
  const named = arrows[key] ?? (key.length === 1 ? key : key.toLowerCase());
  return ctrlKey || metaKey ? `mod+${named.toLowerCase()}` : named;
}

const arrows: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

const fields = "input, select, textarea, [contenteditable='true'], [role='textbox']";
const overlays = "[role='dialog'], [role='menu'], [role='listbox'], [role='slider']";

/** Whether a key pressed at this element belongs to it: letters are text in a field, and choices in a menu. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.matches(fields) || target.closest(overlays) !== null;
}
