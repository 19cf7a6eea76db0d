import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { isTyping, keyName, useKeys, type KeyRegistry } from "../state/keys.ts";
import type { NamedPlace } from "./places.ts";

/** Hands key presses of the window to the registry, except those that are text in a field or choices in a menu. */
export function useKeyPresses(registry: KeyRegistry): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const name = keyName(event);
      if (name === undefined || event.defaultPrevented || event.repeat) return;
      if (isTyping(event.target) && !name.startsWith("mod+")) return;
      if (registry.press(name, event.timeStamp)) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [registry]);
}

/** "g", then the letter of a page. */
export function usePlaceKeys(places: readonly NamedPlace[]): void {
  const navigate = useNavigate();
  const bindings = places.map(({ path, name, key }) => ({
    keys: `g ${key}`,
    words: `Go to ${name}`,
    run: () => void navigate({ to: path }),
  }));
  useKeys("Go to", bindings, true);
}
